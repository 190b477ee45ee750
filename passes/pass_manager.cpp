// Runs passes by name, and shows and checks what they do.
#include "passes/pass_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "ir/base/check.h"
#include "ir/base/consumer.h"
#include "ir/base/text.h"
#include "ir/printer.h"
#include "ir/verifier.h"
#include "passes/pass.h"

namespace strata::passes {
namespace {

constexpr DiagnosticDef<std::string_view> kUnknownPass{Kind::UnknownPass, "unknown pass `{}`"};

#ifdef NDEBUG
constexpr bool kCheckUnchanged = false;
#else
constexpr bool kCheckUnchanged = true;
#endif

std::unique_ptr<Pass> make_pass(std::string_view name) {
#define STRATA_PASS(function, cli_name, help) \
  if (name == (cli_name)) {                   \
    return make_##function();                 \
  }
#include "passes/passes.def"
#undef STRATA_PASS
  return nullptr;
}

void report_unknown(const std::string& name, Emitter& emitter) {
  std::vector<std::string> names;
  for (const PassInfo& pass : all_passes()) {
    names.emplace_back(pass.name);
  }
  auto pending = emitter.emit({}, kUnknownPass, name);
  if (const auto near = nearest(name, names)) {
    pending.note("did you mean `" + *near + "`?");
  } else {
    pending.note(fmt::format("the passes are {}", fmt::join(names, ", ")));
  }
}

// Runs one pass with what the options ask for around it.
class Runner {
 public:
  Runner(const PassOptions& options, Emitter& emitter) : options_(&options), emitter_(&emitter) {}

  bool run(const std::string& name, Pass& pass, ir::Module& module) const {
    const bool keep_before = options_->verify_each || options_->print_changed || kCheckUnchanged;
    const ir::Module before = keep_before ? module : ir::Module{};
    PassContext context{*emitter_};
    const std::size_t errors = emitter_->error_count();
    const auto start = std::chrono::steady_clock::now();
    const Change change = pass.run(module, context);
    const auto end = std::chrono::steady_clock::now();
    STRATA_CHECK(!kCheckUnchanged || change == Change::Changed || module == before,
                 "a pass changed the module and said that it did not");
    if (options_->time_passes) {
      log(fmt::format("// {}: {} us\n", name,
                      std::chrono::duration_cast<std::chrono::microseconds>(end - start).count()));
    }
    const auto& after = options_->print_after;
    if ((options_->print_changed && change == Change::Changed) ||
        std::find(after.begin(), after.end(), name) != after.end()) {
      log(fmt::format("// after {}\n{}", name, ir::print(module)));
    }
    if (emitter_->error_count() != errors) {
      return false;
    }
    if (!options_->verify_each || is_valid(module)) {
      return true;
    }
    const ContextScope scope(
        *emitter_, {},
        fmt::format("after pass `{}`, which was given:\n{}", name, ir::print(before)));
    return ir::verify(module, *emitter_);
  }

 private:
  // In silence: the text of a large module is made only for a report.
  static bool is_valid(const ir::Module& module) {
    CollectingConsumer silent;
    Emitter emitter(silent);
    return ir::verify(module, emitter);
  }
  void log(const std::string& text) const {
    if (options_->log != nullptr) {
      *options_->log += text;
    }
  }

  const PassOptions* options_;
  Emitter* emitter_;
};

}  // namespace

const std::vector<PassInfo>& all_passes() {
  static const std::vector<PassInfo> passes = {
#define STRATA_PASS(function, cli_name, help) {cli_name, help},
#include "passes/passes.def"
#undef STRATA_PASS
  };
  return passes;
}

bool run_passes(ir::Module& module, const std::vector<std::string>& names,
                const PassOptions& options, Emitter& emitter) {
  std::vector<std::unique_ptr<Pass>> passes;
  for (const std::string& name : names) {
    passes.push_back(make_pass(name));
    if (passes.back() == nullptr) {
      report_unknown(name, emitter);
      return false;
    }
  }
  // Passes index by operand; a module from outside may name ops that are not there.
  if (!ir::verify(module, emitter)) {
    return false;
  }
  const Runner runner(options, emitter);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!runner.run(names[i], *passes[i], module)) {
      return false;
    }
  }
  return true;
}

}  // namespace strata::passes
