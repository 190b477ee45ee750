#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/base/source.h"

namespace strata::frontend::dockerfile {

enum class Keyword : std::uint8_t {
  Add,
  Arg,
  Cmd,
  Copy,
  Entrypoint,
  Env,
  Expose,
  From,
  Healthcheck,
  Label,
  Maintainer,
  Onbuild,
  Run,
  Shell,
  Stopsignal,
  User,
  Volume,
  Workdir,
  Unknown,
};

// `RUN`; empty for Unknown.
[[nodiscard]] std::string_view keyword_text(Keyword keyword);
// Every keyword's text in order, for did-you-mean.
[[nodiscard]] const std::vector<std::string>& keyword_texts();

// A piece of a logical line. `loc` is its range in the file; it is longer than the text when a
// continuation or an escape lies inside.
struct Word {
  std::string text;
  Loc loc;
  // Index into the instruction's heredocs when the word is a heredoc marker.
  std::optional<std::size_t> heredoc;

  // The range of text[begin, end), or of the whole word where the file has more bytes than `text`.
  [[nodiscard]] Loc part(std::size_t begin, std::size_t end) const;
};

// `--name` or `--name=value`; quotes and escapes are gone from both.
struct Flag {
  Word name;
  std::optional<Word> value;
  Loc loc;
};

// `key=value` or, in ARG, `key`. Quotes are kept: expansion removes them.
struct Pair {
  Word key;
  std::optional<Word> value;
  Loc loc;
};

struct Heredoc {
  // The terminator, without quotes.
  std::string name;
  std::string fd;
  enum class Expansion : std::uint8_t { On, Off } expansion = Expansion::On;
  enum class Tabs : std::uint8_t { Keep, Strip } tabs = Tabs::Keep;
  // As written, each line with its line break; the terminator's line is not in it.
  std::string body;
  // The marker, `<<-"EOF"`.
  Loc loc;
  Loc body_loc;

  // The body with leading tabs gone where `<<-` asks for it.
  [[nodiscard]] std::string content() const;
};

enum class Form : std::uint8_t { Shell, Exec };

// One instruction. What is set depends on the keyword:
//   args    RUN, CMD, ENTRYPOINT, HEALTHCHECK's command, SHELL: the whole text (shell form) or the
//           strings of the JSON array (exec form); USER, WORKDIR, STOPSIGNAL and unknown ones: the
//           rest of the line; the others: words
//   pairs   ENV, LABEL, ARG; the form `ENV key rest` is one pair
struct Instruction {
  Keyword keyword = Keyword::Unknown;
  Word name;
  std::vector<Flag> flags;
  Form form = Form::Shell;
  std::vector<Word> args;
  std::vector<Pair> pairs;
  // HEALTHCHECK's `NONE` or `CMD`.
  std::optional<Word> subcommand;
  std::vector<Heredoc> heredocs;
  // The comment lines right above, `#` included.
  std::vector<Word> comments;
  // From the keyword to the end of the last word or heredoc terminator.
  Loc loc;

  // The flag's last occurrence, or null.
  [[nodiscard]] const Flag* flag(std::string_view flag_name) const;
};

struct Directive {
  Word name;  // lower case
  Word value;
};

struct Ast {
  FileId file;
  std::vector<Directive> directives;
  char escape = '\\';
  std::vector<Instruction> instructions;
};

}  // namespace strata::frontend::dockerfile
