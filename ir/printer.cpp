// A module as text; parser.cpp is the inverse, README.md has the syntax.
#include "ir/printer.h"

#include <fmt/format.h>

#include "ir/base/canonical_json.h"
#include "ir/base/text.h"

namespace strata::ir {
namespace {

// A string literal: JSON's escapes, and \xHH for bytes that are not part of UTF-8.
void append_string(std::string& out, std::string_view bytes) {
  std::string escaped;
  append_json_string(escaped, bytes);
  std::string_view rest = escaped;
  while (!rest.empty()) {
    // The longest well-formed sequence at the front; none is longer than four bytes.
    std::size_t length = 1;
    while (length <= 4 && length <= rest.size() && !is_utf8(rest.substr(0, length))) {
      ++length;
    }
    if (length > 4 || length > rest.size() || rest[0] == '\x7f') {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(rest[0]));
      length = 1;
    } else {
      out += rest.substr(0, length);
    }
    rest.remove_prefix(length);
  }
}

class Printer {
 public:
  explicit Printer(const PrintOptions& options) : sources_(options.sources) {}

  std::string print(const Module& module) {
    out_ = "strata.ir 1\n";
    for (std::size_t i = 0; i < module.ops.size(); ++i) {
      print_op(i, module.ops[i]);
    }
    for (std::size_t i = 0; i < module.stages.size(); ++i) {
      const Stage& stage = module.stages[i];
      fmt::format_to(std::back_inserter(out_), "@{} = stage ", i);
      append_string(out_, stage.name);
      member("config", stage.config);
      member("root", stage.root);
      location(stage.loc);
      out_ += '\n';
    }
    for (const Target& target : module.targets) {
      out_ += "target ";
      append_string(out_, target.name);
      member("mounts", target.run_mounts);
      member("platform", target.platform);
      member("stage", target.stage);
      location(target.loc);
      out_ += '\n';
    }
    return std::move(out_);
  }

 private:
  void print_op(std::size_t index, const Op& op) {
    fmt::format_to(std::back_inserter(out_), "%{} = {}", index, op.name());
    std::visit(
        [&](const auto& data) {
          visit_fields(data, [&](std::string_view name, const auto& field, FieldRole) {
            member(name, field);
          });
        },
        op.data);
    location(op.loc);
    for (const Loc& loc : op.also) {
      location(loc);
    }
    out_ += '\n';
  }

  // ` name=value`, or nothing for a default value: the parser starts from it.
  template <typename T>
  void member(std::string_view name, const T& field) {
    if (!(field == T{})) {
      fmt::format_to(std::back_inserter(out_), " {}=", name);
      value(field);
    }
  }

  void location(Loc loc) {
    if (sources_ != nullptr && loc.valid()) {
      out_ += " loc(";
      append_string(out_, sources_->file(loc.file).name());
      fmt::format_to(std::back_inserter(out_), ":{}:{})", loc.begin, loc.end);
    }
  }

  void value(const std::string& text) { append_string(out_, text); }
  void value(std::int64_t number) { fmt::format_to(std::back_inserter(out_), "{}", number); }
  void value(bool flag) { out_ += flag ? "true" : "false"; }
  void value(const Digest& digest) { out_ += digest.str(); }
  void value(OpId id) { reference('%', id.index, id.valid()); }
  void value(StageId id) { reference('@', id.index, id.valid()); }
  void value(const std::pair<std::string, std::string>& pair) {
    append_string(out_, pair.first);
    out_ += '=';
    append_string(out_, pair.second);
  }
  template <typename T>
  void value(const std::optional<T>& optional) {
    value(*optional);
  }
  template <typename T>
  void value(const std::vector<T>& values) {
    list(values);
  }
  void value(const SharedStrings& values) { list(values); }
  void value(const Environment& environment) { list(environment); }
  template <typename Range>
  void list(const Range& values) {
    std::string_view separator = "[";
    for (const auto& element : values) {
      out_ += separator;
      value(element);
      separator = ", ";
    }
    out_ += separator == "[" ? "[]" : "]";
  }
  // The nested structs.
  template <Nested T>
  void value(const T& nested) {
    char separator = '{';
    visit_members(nested, [&](std::string_view name, const auto& field) {
      out_ += separator;
      out_ += name;
      out_ += '=';
      value(field);
      separator = ' ';
    });
    out_ += '}';
  }

  // An id that names nothing is printed too, as `%_`: the printer is total.
  void reference(char sigil, std::uint32_t index, bool valid) {
    out_ += sigil;
    out_ += valid ? fmt::format("{}", index) : std::string("_");
  }

  const SourceMap* sources_;
  std::string out_;
};

}  // namespace

std::string print(const Module& module, const PrintOptions& options) {
  return Printer(options).print(module);
}

}  // namespace strata::ir
