// How a budget that is spent is reported.
#include "frontend/budget.h"

namespace strata::frontend {
namespace {

constexpr DiagnosticDef<std::size_t> kTooMuchText{
    Kind::InputLimit, "the steps of the file come to {} MiB of text more than the file has"};
constexpr DiagnosticDef<std::size_t> kTooMuchEnvironment{
    Kind::InputLimit, "the environments of the RUNs come to more than {} MiB"};

}  // namespace

bool Budget::take_text(std::size_t bytes, Loc loc, Emitter& emitter) {
  const bool reported = exhausted_;
  const bool given = take_text(bytes);
  if (!given && !reported) {
    emitter.emit(loc, kTooMuchText, kTextMebibytes);
  }
  return given;
}

bool Budget::take_environment(std::size_t bytes, Loc loc, Emitter& emitter) {
  const bool reported = exhausted_;
  const bool given = take(environment_, bytes);
  if (!given && !reported) {
    emitter.emit(loc, kTooMuchEnvironment, kEnvironmentMebibytes)
        .note("each of them is a part of its step's record, whole");
  }
  return given;
}

}  // namespace strata::frontend
