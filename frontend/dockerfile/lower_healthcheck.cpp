// HEALTHCHECK.
#include <charconv>
#include <cmath>
#include <limits>

#include "frontend/dockerfile/stage_lowering.h"
#include "ir/base/text.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kBadDuration{
    Kind::BadDuration, "`{}` is not a duration such as `1m30s` of 0 or at least 1ms"};
constexpr DiagnosticDef<std::string> kBadRetries{Kind::BadRetries,
                                                 "`{}` is not a number of retries"};

constexpr std::int64_t kMillisecond = 1'000'000;

std::optional<double> unit_of(std::string_view& text) {
  struct Unit {
    std::string_view name;
    double nanoseconds;
  };
  // Longer names first; both micro signs.
  constexpr Unit kUnits[] = {{"ns", 1},   {"us", 1e3}, {"\xC2\xB5s", 1e3}, {"\xCE\xBCs", 1e3},
                             {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},        {"h", 3600e9}};
  for (const Unit& unit : kUnits) {
    if (text.starts_with(unit.name)) {
      text.remove_prefix(unit.name.size());
      return unit.nanoseconds;
    }
  }
  return std::nullopt;
}

// Go's time.ParseDuration without a minus sign, in nanoseconds.
std::optional<std::int64_t> parse_duration(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text == "0") {
    return 0;
  }
  if (text.empty()) {
    return std::nullopt;
  }
  double total = 0;
  while (!text.empty()) {
    const std::size_t size = text.find_first_not_of("0123456789.");
    if (size == 0 || size == std::string_view::npos) {
      return std::nullopt;
    }
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + size, number, std::chars_format::fixed);
    if (error != std::errc() || end != text.data() + size) {
      return std::nullopt;
    }
    text.remove_prefix(size);
    const auto unit = unit_of(text);
    if (!unit) {
      return std::nullopt;
    }
    total += number * *unit;
  }
  if (total >= static_cast<double>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  // Decimal fractions of a second are whole nanoseconds but for the error of binary fractions.
  return std::llround(total);
}

// The flag's duration, 0 when it is not there; nullopt after a reported error.
std::optional<std::int64_t> duration_of(const Instruction& instruction, std::string_view name,
                                        Emitter& emitter) {
  const Flag* flag = instruction.flag(name);
  if (flag == nullptr || !flag->value) {
    return 0;
  }
  const auto duration = parse_duration(flag->value->text);
  if (!duration || (*duration != 0 && *duration < kMillisecond)) {
    emitter.emit(flag->value->loc, kBadDuration, flag->value->text);
    return std::nullopt;
  }
  return duration;
}

std::optional<std::int64_t> retries_of(const Instruction& instruction, Emitter& emitter) {
  const Flag* flag = instruction.flag("retries");
  if (flag == nullptr || !flag->value) {
    return 0;
  }
  const std::string& text = flag->value->text;
  std::int32_t retries = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), retries);
  if (error != std::errc() || end != text.data() + text.size() || retries < 0) {
    emitter.emit(flag->value->loc, kBadRetries, text);
    return std::nullopt;
  }
  return retries;
}

}  // namespace

void StageLowering::lower_healthcheck(const Instruction& instruction) {
  if (!instruction.subcommand) {
    return;
  }
  ir::Healthcheck check;
  if (ascii_iequals(instruction.subcommand->text, "none")) {
    check.test = {"NONE"};
  } else {
    Emitter& emitter = context_->emitter;
    const auto interval = duration_of(instruction, "interval", emitter);
    const auto timeout = duration_of(instruction, "timeout", emitter);
    const auto start_period = duration_of(instruction, "start-period", emitter);
    const auto start_interval = duration_of(instruction, "start-interval", emitter);
    const auto retries = retries_of(instruction, emitter);
    if (!interval || !timeout || !start_period || !start_interval || !retries) {
      return;
    }
    check.interval = *interval;
    check.timeout = *timeout;
    check.start_period = *start_period;
    check.start_interval = *start_interval;
    check.retries = *retries;
    check.test = {instruction.form == Form::Exec ? "CMD" : "CMD-SHELL"};
    for (const Word& word : instruction.args) {
      check.test.push_back(word.text);
    }
  }
  ir::Config change;
  change.healthcheck = std::move(check);
  stage_.change(change, instruction.loc);
}

}  // namespace strata::frontend::dockerfile
