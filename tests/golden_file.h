#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The format of a golden file: input above, expectations below, so that an input's own first lines
// and line numbers stay what they are.
//
//   FROM alpine
//   #---- INPUT: Dockerfile          the input's name, "input" by default (input.strata for
//   .strata)
//   #---- FILE: src/main.c           a further file of the run's directory, raw to the next header
//   int main() {}
//   #---- RUN: strata dump ir input  a shell command in that directory; several may follow each
//   other # standard output, each line behind `# ` (an empty line is `#`)
//   #---- STDERR                     only when there is any
//   # …
//   #---- EXIT: 2                    only when not 0
namespace strata::golden {

struct GoldenRun {
  std::string command;
  std::string out;
  std::string err;
  int exit_code = 0;
};

struct GoldenFile {
  std::string input_name;
  std::string input;
  // Name and content, in written order.
  std::vector<std::pair<std::string, std::string>> files;
  std::vector<GoldenRun> runs;
};

// `default_name` is the input's name unless the file says another. A header that is none of the
// above is a failure of the caller's test: the result is then without runs.
[[nodiscard]] GoldenFile parse_golden(std::string_view text, const std::string& default_name);
// The inverse: what the file must hold for its runs to pass.
[[nodiscard]] std::string format_golden(const GoldenFile& golden, const std::string& default_name);

}  // namespace strata::golden
