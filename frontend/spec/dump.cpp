// `strata dump ast` of a spec file: JSON for tools, indented text for people.
#include <optional>
#include <string>
#include <utility>

#include "frontend/spec/parse.h"
#include "frontend/spec/spec.h"
#include "ir/base/canonical_json.h"

namespace strata::frontend::spec {
namespace {

// The tree in a form that both outputs print: a name, an optional text, children.
struct Node {
  std::string name;
  std::optional<std::string> text;
  Loc loc;
  std::vector<Node> children;
};

Node node_of(const Expr& expr);

Node node_of_suffix(const Suffix& suffix) {
  if (const auto* attribute = std::get_if<Attribute>(&suffix.data)) {
    return {"attribute", attribute->name, suffix.loc, {}};
  }
  Node call{"call", std::nullopt, suffix.loc, {}};
  for (const Argument& argument : std::get<Call>(suffix.data).arguments) {
    const Expr& value = argument.value.front();
    const Loc loc = argument.name ? join(argument.name_loc, value.loc) : value.loc;
    call.children.push_back({"argument", argument.name, loc, {node_of(value)}});
  }
  return call;
}

Node node_of(const Expr& expr) {
  const auto children_of = [](const std::vector<Expr>& exprs) {
    std::vector<Node> nodes;
    nodes.reserve(exprs.size());
    for (const Expr& child : exprs) {
      nodes.push_back(node_of(child));
    }
    return nodes;
  };
  struct Visitor {
    const Expr& expr;
    const decltype(children_of)& children;
    Node operator()(const Unsupported& it) const { return leaf("unsupported", it.what); }
    Node operator()(const StringLiteral& it) const { return leaf("string", it.value); }
    Node operator()(const IntLiteral& it) const { return leaf("int", std::to_string(it.value)); }
    Node operator()(const BoolLiteral& it) const {
      return leaf("bool", it.value ? "true" : "false");
    }
    Node operator()(const NoneLiteral&) const { return inner("none", {}); }
    Node operator()(const NameRef& it) const { return leaf("name", it.name); }
    Node operator()(const FString& it) const { return inner("fstring", children(it.pieces)); }
    Node operator()(const ListExpr& it) const { return inner("list", children(it.items)); }
    Node operator()(const DictExpr& it) const {
      return inner("dict", children(it.keys_and_values));
    }
    Node operator()(const SumExpr& it) const {
      return {"sum", std::string(it.operators.begin(), it.operators.end()), expr.loc,
              children(it.operands)};
    }
    Node operator()(const ChainExpr& it) const {
      Node chain = inner("chain", children(it.base));
      for (const Suffix& suffix : it.suffixes) {
        chain.children.push_back(node_of_suffix(suffix));
      }
      return chain;
    }
    Node leaf(std::string name, std::string text) const {
      return {std::move(name), std::move(text), expr.loc, {}};
    }
    Node inner(std::string name, std::vector<Node> nodes) const {
      return {std::move(name), std::nullopt, expr.loc, std::move(nodes)};
    }
  };
  return std::visit(Visitor{expr, children_of}, expr.data);
}

Node node_of_type(const TypeExpr& type) {
  const bool optional = type.presence == TypeExpr::Presence::Optional;
  Node node{"type", type.name + (optional ? "?" : ""), type.loc, {}};
  for (const TypeExpr& argument : type.arguments) {
    node.children.push_back(node_of_type(argument));
  }
  return node;
}

Node node_of_statement(const Statement& statement) {
  struct Visitor {
    Loc loc;
    Node operator()(const BrokenStatement& it) const { return {"broken", it.what, loc, {}}; }
    Node operator()(const EditionStatement& it) const { return {"edition", it.edition, loc, {}}; }
    Node operator()(const ImportStatement& it) const {
      Node node{"import", it.module, loc, {}};
      for (const ImportedName& name : it.names) {
        node.children.push_back({"name", name.name, name.loc, {}});
        if (name.as != name.name) {
          node.children.push_back({"as", name.as, name.loc, {}});
        }
      }
      if (it.names.empty() && it.as != it.module) {
        node.children.push_back({"as", it.as, loc, {}});
      }
      return node;
    }
    Node operator()(const BindingStatement& it) const {
      Node node{"let", it.name, loc, {}};
      if (it.type) {
        node.children.push_back(node_of_type(*it.type));
      }
      node.children.push_back(node_of(it.value));
      return node;
    }
    Node operator()(const ImageStatement& it) const {
      return {"image", std::nullopt, loc, {node_of(it.name), node_of(it.value)}};
    }
  };
  return std::visit(Visitor{statement.loc}, statement.data);
}

std::string quote(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

void print(const Node& node, const SourceFile& file, int depth, std::string& out) {
  const LineColumn at = file.line_column(node.loc.begin);
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
  out += node.name;
  if (node.text) {
    out += " " + quote(*node.text);
  }
  out += " @" + std::to_string(at.line) + ":" + std::to_string(at.column) + "\n";
  for (const Node& child : node.children) {
    print(child, file, depth + 1, out);
  }
}

void write_location(CanonicalJson& json, Loc loc, const SourceFile& file) {
  const LineColumn begin = file.line_column(loc.begin);
  const LineColumn end = file.line_column(loc.end);
  json.begin_object().key("column").integer(begin.column);
  json.key("endColumn").integer(end.column).key("endLine").integer(end.line);
  json.key("file").string(file.name()).key("line").integer(begin.line).end_object();
}

void write(CanonicalJson& json, const Node& node, const SourceFile& file) {
  json.begin_object();
  if (!node.children.empty()) {
    json.key("children").begin_array();
    for (const Node& child : node.children) {
      write(json, child, file);
    }
    json.end_array();
  }
  json.key("kind").string(node.name).key("location");
  write_location(json, node.loc, file);
  if (node.text) {
    json.key("text").string(*node.text);
  }
  json.end_object();
}

}  // namespace

std::optional<std::string> dump_ast(FileId file, AstFormat format, const SourceMap& sources,
                                    Emitter& emitter) {
  const std::size_t errors = emitter.error_count();
  const File tree = parse(file, sources, emitter);
  if (emitter.error_count() != errors) {
    return std::nullopt;
  }
  const SourceFile& source = sources.file(file);
  if (format == AstFormat::Text) {
    std::string out;
    for (const Statement& statement : tree.statements) {
      print(node_of_statement(statement), source, 0, out);
    }
    return out;
  }
  CanonicalJson json;
  json.begin_object().key("statements").begin_array();
  for (const Statement& statement : tree.statements) {
    write(json, node_of_statement(statement), source);
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

}  // namespace strata::frontend::spec
