// The diagnostics of steps that failed.
#include "driver/failures.h"

#include <fmt/format.h>

#include <algorithm>

#include "backend/system/interrupt.h"
#include "driver/output_lines.h"
#include "frontend/frontend.h"

namespace strata::driver {
namespace {

constexpr DiagnosticDef<std::string, std::string> kStepFailed{Kind::StepFailed, "`{}` failed: {}"};
constexpr DiagnosticDef<std::string, std::string> kBaseNotFetched{
    Kind::BaseNotFetched, "base image `{}` cannot be fetched: {}"};
constexpr DiagnosticDef<std::string> kMissingSource{Kind::MissingCopySource, "{}"};

// How much of a failed command's output is repeated under the message.
constexpr std::size_t kTailLines = 20;

std::vector<std::string> last_lines(const std::string& text) {
  std::vector<std::string> lines = output_lines(text);
  if (lines.size() > kTailLines) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kTailLines));
  }
  return lines;
}

// A word that a shell reads back as it is.
std::string shell_word(const std::string& word) {
  if (std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("_-./").find(c) != std::string_view::npos;
      })) {
    return word;
  }
  std::string quoted = "'";
  for (const char c : word) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

void add_output(const backend::StepFailure& failure, Emitter::Pending& pending) {
  const std::vector<std::string> lines = last_lines(failure.output_tail);
  if (lines.empty()) {
    pending.note("it printed nothing");
    return;
  }
  std::string text = "the last lines of its output:";
  for (const std::string& line : lines) {
    text += "\n    " + line;
  }
  pending.note(std::move(text));
}

// How to get to where a RUN failed, as one command; "" when there is none. Proxy variables are not
// kept, and their values not shown: they are taken from the environment or the docker config again.
std::string way_there(const backend::StepFailure& failure, const Compilation& compilation,
                      const BuildOptions& options) {
  std::string flags;
  for (const auto& argument : options.input.build_args) {
    flags += frontend::is_proxy_argument(argument.first) ? " -e " + argument.first : "";
  }
  if (!options.runtime.empty()) {
    flags += " --runtime " + shell_word(options.runtime);
  }
  flags += " --step " + compilation.records[failure.step.index]->digest.short_hex();
  switch (failure.again) {
    case backend::StepFailure::Again::No:
      return "";
    case backend::StepFailure::Again::Command:
      return "to run it again: strata run" + flags;
    case backend::StepFailure::Again::Shell:
      return "for a shell where it started: strata run -it" + flags + " /bin/sh";
  }
  return "";
}

// The exit code that this failure alone would give.
ExitCode report_failure(const Compilation& compilation, const backend::StepFailure& failure,
                        const BuildOptions& options, Emitter& emitter) {
  const ir::Op& op = compilation.module.op(failure.step);
  if (const auto* base = std::get_if<ir::Image>(&op.data)) {
    emitter.emit(op.loc, kBaseNotFetched, base->ref, failure.error.message);
    return exit_code_of(failure.error.code);
  }
  if (failure.error.code == ErrorCode::NotFound) {
    const Loc place = failure.loc.valid() ? failure.loc : op.loc;
    emitter.emit(place, kMissingSource, failure.error.message);
    return ExitCode::Input;
  }
  Emitter::Pending pending(emitter.emit(
      op.loc, kStepFailed, ir::describe(compilation.module, failure.step, ir::DescribeFor::Plan),
      failure.error.message));
  if (failure.error.code == ErrorCode::Step) {
    add_output(failure, pending);
  }
  pending.note(fmt::format("step {}", compilation.records[failure.step.index]->digest.str()));
  if (std::string way = way_there(failure, compilation, options); !way.empty()) {
    pending.help(std::move(way));
  }
  return exit_code_of(failure.error.code);
}

}  // namespace

ExitCode report_failures(const Compilation& compilation, const backend::BuildOutcome& outcome,
                         const BuildOptions& options) {
  if (backend::interrupted()) {
    return ExitCode::Interrupted;
  }
  Diagnostics diagnostics(compilation.sources, options.input.message_format);
  ExitCode code = ExitCode::Input;
  for (const backend::StepFailure& failure : outcome.failures) {
    const ExitCode own = report_failure(compilation, failure, options, diagnostics.emitter());
    code = own == ExitCode::Input ? code : own;
  }
  diagnostics.print();
  return code;
}

}  // namespace strata::driver
