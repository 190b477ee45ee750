// What the user reads last.
#include "driver/build_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "ir/base/text.h"

namespace strata::driver {
namespace {

std::string counted(std::size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

struct Counts {
  std::size_t ran = 0;
  std::size_t steps = 0;
  std::uint64_t bytes = 0;
  double seconds = 0;   // of the slowest
  ir::OpId slowest{0};  // meaningful where one ran
};

Counts count(const ir::Module& module, const backend::BuildOutcome& outcome) {
  Counts counts;
  for (std::uint32_t i = 0; i < outcome.steps.size(); ++i) {
    if (!backend::makes_files(module.ops[i])) {
      continue;
    }
    const backend::BuiltStep& step = outcome.steps[i];
    ++counts.steps;
    if (step.status != backend::BuiltStep::Status::Ran) {
      continue;
    }
    if (counts.ran == 0 || step.seconds > counts.seconds) {
      counts.seconds = step.seconds;
      counts.slowest = ir::OpId{i};
    }
    ++counts.ran;
    counts.bytes += step.bytes;
  }
  return counts;
}

// "; pushed 2 tags; loaded; wrote out.tar"
std::string delivered(const std::vector<ImageNames>& names) {
  std::size_t pushed = 0;
  std::size_t loaded = 0;
  std::string written;
  for (const ImageNames& image : names) {
    for (const OutputOption& output : image.outputs) {
      if (output.type == "registry") {
        pushed += output.ref.empty() ? image.tags.size() : 1;
      } else if (output.type == "docker" && output.dest.empty()) {
        ++loaded;
      } else if (output.dest != "-") {
        written += (written.empty() ? "; wrote " : ", ") + printable(output.dest);
      }
    }
  }
  return (pushed == 0 ? "" : "; pushed " + counted(pushed, "tag")) +
         (loaded == 0 ? "" : "; loaded " + counted(loaded, "image")) + written;
}

std::string slowest_of(const Compilation& compilation, const Counts& counts) {
  const ir::Op& op = compilation.module.op(counts.slowest);
  const std::string title =
      printable(ir::describe(compilation.module, counts.slowest, ir::DescribeFor::Plan));
  // A line of a terminal; no character of several bytes is cut.
  constexpr std::size_t kMost = 60;
  std::size_t length = std::min(kMost, title.size());
  while (length < title.size() && (static_cast<unsigned char>(title[length]) & 0xC0U) == 0x80U) {
    --length;
  }
  std::string place;
  if (op.loc.valid()) {
    const SourceFile& file = compilation.sources.file(op.loc.file);
    place = fmt::format(" ({}:{})", printable(file.name()), file.line_column(op.loc.begin).line);
  }
  return fmt::format("slowest: {}{}{} {:.1f}s\n", title.substr(0, length),
                     length < title.size() ? "…" : "", place, counts.seconds);
}

}  // namespace

std::string summary_of_build(const Compilation& compilation, const backend::BuildOutcome& outcome,
                             const std::vector<ImageNames>& names, double seconds) {
  const Counts counts = count(compilation.module, outcome);
  if (counts.ran == 0) {
    return fmt::format("up to date: {} cached ({:.2f}s){}\n", counted(counts.steps, "step"),
                       seconds, delivered(names));
  }
  std::string text = fmt::format("built in {:.2f}s: {} ran ({} new), {} cached{}\n", seconds,
                                 counted(counts.ran, "step"), human_size(counts.bytes),
                                 counts.steps - counts.ran, delivered(names));
  // Of one step the first line has said it; below a second nobody asks.
  constexpr double kWorthSaying = 1.0;
  if (counts.ran > 1 && counts.seconds >= kWorthSaying) {
    text += slowest_of(compilation, counts);
  }
  return text;
}

}  // namespace strata::driver
