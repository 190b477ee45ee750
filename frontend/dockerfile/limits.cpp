// How large a file and an instruction may be.
#include "frontend/dockerfile/limits.h"

#include <algorithm>

#include "ir/base/parse_json.h"
#include "ir/base/text.h"

namespace strata::frontend::dockerfile {
namespace {

// Far beyond every file that is written; a tree of what is within them fits into memory.
constexpr std::size_t kLargestFile = std::size_t{16} << 20U;
constexpr std::size_t kMostInstructions = 100000;
constexpr std::size_t kMostSeparators = 65536;
constexpr int kDeepestNesting = 100;

constexpr DiagnosticDef<std::size_t> kFileTooLarge{Kind::InputLimit,
                                                   "the file is larger than {} MiB"};
constexpr DiagnosticDef<std::size_t> kTooManyInstructions{Kind::InputLimit,
                                                          "the file has more than {} instructions"};
constexpr DiagnosticDef<std::size_t> kTooManyWords{
    Kind::InputLimit, "the instruction has more than {} blanks, quotes and separators"};
constexpr DiagnosticDef<int> kTooDeep{Kind::InputLimit,
                                      "the exec form is nested more than {} deep"};

// Each makes a token or two.
bool is_separator(char c) {
  return std::string_view(" \t\v\f\r,:=\"'<[]{}").find(c) != std::string_view::npos;
}

// What follows the keyword and the flags.
std::string_view arguments_of(std::string_view line) {
  do {
    line.remove_prefix(std::min(line.find_first_of(" \t\v\f\r"), line.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t\v\f\r"), line.size()));
  } while (line.starts_with("--") || ascii_iequals(line.substr(0, 4), "CMD "));
  return line;
}

}  // namespace

bool within_limits(FileId file, std::string_view text, Emitter& emitter) {
  if (text.size() > kLargestFile) {
    emitter.emit({file, 0, 0}, kFileTooLarge, kLargestFile >> 20U);
    return false;
  }
  return true;
}

bool within_limits(const LogicalLine& line, std::size_t before, Emitter& emitter) {
  const std::string_view text = line.text();
  const Loc keyword = line.loc(0, std::min(text.find_first_of(" \t"), text.size()));
  if (before == kMostInstructions) {
    emitter.emit(keyword, kTooManyInstructions, kMostInstructions);
    return false;
  }
  if (text.size() > kMostSeparators &&
      static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_separator)) >
          kMostSeparators) {
    emitter.emit(keyword, kTooManyWords, kMostSeparators);
    return false;
  }
  const std::string_view arguments = arguments_of(text);
  if (arguments.starts_with('[') && json_depth(arguments) > kDeepestNesting) {
    const std::size_t begin = text.size() - arguments.size();
    emitter.emit(line.loc(begin, begin + 1), kTooDeep, kDeepestNesting);
    return false;
  }
  return true;
}

}  // namespace strata::frontend::dockerfile
