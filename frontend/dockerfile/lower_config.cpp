// EXPOSE, VOLUME, USER, WORKDIR and STOPSIGNAL.
#include <algorithm>
#include <array>
#include <charconv>

#include "frontend/dockerfile/expand.h"
#include "frontend/dockerfile/stage_lowering.h"
#include "ir/base/text.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kExpansionFailed{Kind::ExpansionFailed, "{}"};
constexpr DiagnosticDef<std::string, std::string_view> kBadPort{Kind::BadPort, "port `{}` {}"};
constexpr DiagnosticDef<std::string> kHostPart{Kind::ExposeHostPart,
                                               "host part of `{}` has no effect in `EXPOSE`"};
constexpr DiagnosticDef<std::string> kBadSignal{Kind::BadSignal,
                                                "`{}` is neither a signal's name nor its number"};
constexpr DiagnosticDef<> kBlankVolume{Kind::BlankName, "volume path is blank"};

struct PortRange {
  unsigned first = 0;
  unsigned last = 0;
};

std::optional<unsigned> port_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > 65535) {
    return std::nullopt;
  }
  return value;
}

std::optional<PortRange> port_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = port_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : port_number(text.substr(dash + 1));
  if (!first || !last || *last < *first) {
    return std::nullopt;
  }
  return PortRange{*first, *last};
}

// Linux's signals but for the real-time ones.
bool is_signal(std::string_view text) {
  constexpr std::array<std::string_view, 34> kNames = {
      "ABRT", "ALRM",   "BUS",  "CHLD",   "CLD",   "CONT", "FPE",  "HUP",  "ILL",
      "INT",  "IO",     "IOT",  "KILL",   "PIPE",  "POLL", "PROF", "PWR",  "QUIT",
      "SEGV", "STKFLT", "STOP", "SYS",    "TERM",  "TRAP", "TSTP", "TTIN", "TTOU",
      "URG",  "USR1",   "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ"};
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) {
    return number >= 1 && number <= 64;
  }
  std::string name = ascii_upper(text);
  if (name.starts_with("SIG")) {
    name.erase(0, 3);
  }
  if (std::find(kNames.begin(), kNames.end(), name) != kNames.end() || name == "RTMIN" ||
      name == "RTMAX") {
    return true;
  }
  // RTMIN+0 … RTMIN+15, RTMAX-14 … RTMAX-0
  if (!name.starts_with("RTMIN+") && !name.starts_with("RTMAX-")) {
    return false;
  }
  const auto offset = port_number(std::string_view(name).substr(6));
  return offset && *offset <= (name.starts_with("RTMIN") ? 15U : 14U);
}

// The port or range that `text` ([host:]port[-port][/proto]) exposes, as "80/tcp" or "80-81/tcp";
// nullopt after an error.
std::optional<std::string> ports_of(const std::string& text, Loc loc, Emitter& emitter) {
  const std::size_t slash = text.find('/');
  const std::string protocol =
      slash == std::string::npos ? "tcp" : ascii_lower(std::string_view(text).substr(slash + 1));
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") {
    emitter.emit(loc, kBadPort, text, "has a protocol other than `tcp`, `udp`, `sctp`");
    return std::nullopt;
  }
  std::string_view ports = std::string_view(text).substr(0, slash);
  const std::size_t colon = ports.rfind(':');
  if (colon != std::string_view::npos) {
    emitter.emit(loc, kHostPart, text).note("`strata run` and `docker run` take it with `-p`");
    ports.remove_prefix(colon + 1);
  }
  const auto range = port_range(ports);
  if (!range) {
    emitter.emit(loc, kBadPort, text, "is not a number from 0 to 65535 or a range of them");
    return std::nullopt;
  }
  std::string result = std::to_string(range->first);
  if (range->last != range->first) {
    result += "-" + std::to_string(range->last);
  }
  return result + "/" + protocol;
}

}  // namespace

void StageLowering::lower_expose(const Instruction& instruction) {
  ir::Config change;
  bool complete = true;
  const Lookup lookup = [this](std::string_view name) { return variable(name); };
  for (const Word& word : instruction.args) {
    const auto tokens =
        expand_words(word.text, lookup, {.escape = escape_, .budget = &context_->budget});
    if (const auto* error = std::get_if<ExpandError>(&tokens)) {
      context_->emitter.emit(word.part(error->begin, error->end), kExpansionFailed, error->message);
      complete = false;
      continue;
    }
    for (const std::string& token : std::get<std::vector<std::string>>(tokens)) {
      auto ports = ports_of(token, word.loc, context_->emitter);
      complete = complete && ports;
      change.ports.push_back(std::move(ports).value_or(""));
    }
  }
  if (complete && !change.ports.empty()) {
    stage_.change(change, instruction.loc);
  }
}

void StageLowering::lower_volume(const Instruction& instruction) {
  ir::Config change;
  bool complete = true;
  for (const Word& word : instruction.args) {
    auto path = expanded_argument(instruction, word);
    if (path && path->find_first_not_of(" \t") == std::string::npos) {
      context_->emitter.emit(word.loc, kBlankVolume);
      path.reset();
    }
    complete = complete && path;
    change.volumes.push_back(path.value_or(""));
  }
  if (complete && !change.volumes.empty()) {
    stage_.change(change, instruction.loc);
  }
}

void StageLowering::lower_user(const Instruction& instruction) {
  if (instruction.args.empty()) {
    return;
  }
  if (auto user = expanded(instruction.args[0])) {
    ir::Config change;
    change.user = std::move(*user);
    stage_.change(change, instruction.loc);
  }
}

void StageLowering::lower_workdir(const Instruction& instruction) {
  if (instruction.args.empty()) {
    return;
  }
  if (const auto path = expanded(instruction.args[0])) {
    stage_.workdir(*path, instruction.loc);
  }
}

void StageLowering::lower_stop_signal(const Instruction& instruction) {
  if (instruction.args.empty()) {
    return;
  }
  auto signal = expanded(instruction.args[0]);
  if (!signal) {
    return;
  }
  if (!is_signal(*signal)) {
    context_->emitter.emit(instruction.args[0].loc, kBadSignal, *signal);
    return;
  }
  ir::Config change;
  change.stop_signal = std::move(*signal);
  stage_.change(change, instruction.loc);
}

}  // namespace strata::frontend::dockerfile
