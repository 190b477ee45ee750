// The syntax tree as text and as the JSON of `strata dump ast`.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "frontend/dockerfile/dockerfile.h"
#include "frontend/dockerfile/parse.h"

namespace strata::frontend::dockerfile {
namespace {

using Json = nlohmann::ordered_json;

Json location(Loc loc, const SourceMap& sources) {
  const SourceFile& file = sources.file(loc.file);
  const LineColumn begin = file.line_column(loc.begin);
  const LineColumn end = file.line_column(loc.end);
  return {{"file", file.name()},
          {"line", begin.line},
          {"column", begin.column},
          {"endLine", end.line},
          {"endColumn", end.column}};
}

std::string_view form_name(const Instruction& instruction) {
  return instruction.form == Form::Exec ? "exec" : "shell";
}

Json instruction_json(const Instruction& instruction, const SourceMap& sources) {
  Json result;
  const std::string_view keyword = keyword_text(instruction.keyword);
  result["keyword"] = keyword.empty() ? instruction.name.text : std::string(keyword);
  result["flags"] = Json::array();
  for (const Flag& flag : instruction.flags) {
    Json item = {{"name", flag.name.text}};
    if (flag.value) {
      item["value"] = flag.value->text;
    }
    item["location"] = location(flag.loc, sources);
    result["flags"].push_back(std::move(item));
  }
  if (instruction.subcommand) {
    result["subcommand"] = instruction.subcommand->text;
  }
  result["form"] = form_name(instruction);
  result["args"] = Json::array();
  for (const Word& word : instruction.args) {
    result["args"].push_back({{"text", word.text}, {"location", location(word.loc, sources)}});
  }
  if (!instruction.pairs.empty()) {
    result["pairs"] = Json::array();
    for (const Pair& pair : instruction.pairs) {
      Json item = {{"key", pair.key.text}};
      if (pair.value) {
        item["value"] = pair.value->text;
      }
      item["location"] = location(pair.loc, sources);
      result["pairs"].push_back(std::move(item));
    }
  }
  result["heredocs"] = Json::array();
  for (const Heredoc& heredoc : instruction.heredocs) {
    result["heredocs"].push_back({{"name", heredoc.name},
                                  {"fd", heredoc.fd},
                                  {"expand", heredoc.expansion == Heredoc::Expansion::On},
                                  {"stripTabs", heredoc.tabs == Heredoc::Tabs::Strip},
                                  {"body", heredoc.body},
                                  {"location", location(heredoc.body_loc, sources)}});
  }
  result["comments"] = Json::array();
  for (const Word& comment : instruction.comments) {
    result["comments"].push_back(comment.text);
  }
  result["location"] = location(instruction.loc, sources);
  return result;
}

std::string json_text(const Ast& ast, const SourceMap& sources) {
  Json result;
  result["directives"] = Json::object();
  for (const Directive& directive : ast.directives) {
    result["directives"][directive.name.text] = directive.value.text;
  }
  result["instructions"] = Json::array();
  for (const Instruction& instruction : ast.instructions) {
    result["instructions"].push_back(instruction_json(instruction, sources));
  }
  return result.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

// A string on one line, quoted as JSON does.
std::string quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string place(Loc loc, const SourceMap& sources) {
  const SourceFile& file = sources.file(loc.file);
  const LineColumn begin = file.line_column(loc.begin);
  const LineColumn end = file.line_column(loc.end);
  return fmt::format("{}:{}-{}:{}", begin.line, begin.column, end.line, end.column);
}

void add_instruction(const Instruction& instruction, const SourceMap& sources, std::string& out) {
  for (const Word& comment : instruction.comments) {
    out += fmt::format("comment {} {}\n", quoted(comment.text), place(comment.loc, sources));
  }
  const std::string_view keyword = keyword_text(instruction.keyword);
  out += fmt::format("{} {} {}\n", keyword.empty() ? instruction.name.text : keyword,
                     form_name(instruction), place(instruction.loc, sources));
  for (const Flag& flag : instruction.flags) {
    out += fmt::format("  flag {}{} {}\n", flag.name.text,
                       flag.value ? "=" + quoted(flag.value->text) : "", place(flag.loc, sources));
  }
  if (instruction.subcommand) {
    out += fmt::format("  subcommand {} {}\n", instruction.subcommand->text,
                       place(instruction.subcommand->loc, sources));
  }
  for (const Word& word : instruction.args) {
    out += fmt::format("  arg {}{} {}\n", quoted(word.text), word.heredoc ? " heredoc" : "",
                       place(word.loc, sources));
  }
  for (const Pair& pair : instruction.pairs) {
    out += fmt::format("  pair {}{} {}\n", quoted(pair.key.text),
                       pair.value ? "=" + quoted(pair.value->text) : "", place(pair.loc, sources));
  }
  for (const Heredoc& heredoc : instruction.heredocs) {
    out += fmt::format("  heredoc {}{}{} {} {}\n", quoted(heredoc.name),
                       heredoc.expansion == Heredoc::Expansion::On ? " expand" : "",
                       heredoc.tabs == Heredoc::Tabs::Strip ? " strip-tabs" : "",
                       quoted(heredoc.body), place(heredoc.body_loc, sources));
  }
}

std::string plain_text(const Ast& ast, const SourceMap& sources) {
  std::string result;
  for (const Directive& directive : ast.directives) {
    result += fmt::format("directive {}={} {}\n", directive.name.text, quoted(directive.value.text),
                          place(directive.value.loc, sources));
  }
  for (const Instruction& instruction : ast.instructions) {
    add_instruction(instruction, sources, result);
  }
  return result;
}

}  // namespace

std::optional<std::string> dump_ast(FileId file, AstFormat format, const SourceMap& sources,
                                    Emitter& emitter) {
  const std::size_t errors = emitter.error_count();
  const Ast ast = parse(file, ParseScope::File, sources, emitter);
  if (emitter.error_count() != errors) {
    return std::nullopt;
  }
  switch (format) {
    case AstFormat::Json:
      return json_text(ast, sources);
    case AstFormat::Text:
      break;
  }
  return plain_text(ast, sources);
}

}  // namespace strata::frontend::dockerfile
