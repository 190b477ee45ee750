#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/build/plan.h"
#include "backend/build/sources.h"
#include "driver/exit_code.h"
#include "driver/options.h"
#include "driver/world.h"
#include "ir/base/consumer.h"
#include "ir/base/source.h"
#include "ir/module.h"
#include "ir/record.h"

namespace strata::driver {

// Diagnostics of one command: sorted, counted, and rendered to stderr by print().
class Diagnostics {
 public:
  Diagnostics(const SourceMap& sources, MessageFormat format);
  ~Diagnostics();
  Emitter& emitter() { return emitter_; }
  void print();

 private:
  MessageFormat format_;
  std::string text_;
  std::unique_ptr<Consumer> renderer_;
  SortingConsumer sorting_;
  Emitter emitter_;
};

// One input, compiled: what build, plan and key have in common.
struct Compilation {
  InputOptions options;
  SourceMap sources;
  World* world = nullptr;
  std::unique_ptr<backend::StatCache> stat_cache;
  std::unique_ptr<backend::Sources> bindings;
  ir::Module module;
  std::vector<std::optional<ir::StepRecord>> records;
  backend::EmissionProfile profile;
  backend::Plan plan;
  // http_proxy and the like, of the build arguments and the docker config: for the environment of
  // RUNs, in no key.
  ir::Pairs proxies;
};

// Parses, lowers, optimizes and plans. Diagnostics are printed here. nullptr after wrong input
// (exit 2).
[[nodiscard]] Result<std::unique_ptr<Compilation>> compile(const InputOptions& options,
                                                           World& world);

// Plans a compiled module, again after the store has lost something. `own`: the steps that this
// command has run.
[[nodiscard]] Result<void> make_plan(Compilation& compilation,
                                     const backend::Resolver::Own& own = {});

// A text that the user names: `-` is standard input, anything else a regular file.
[[nodiscard]] Result<std::string> read_text(const std::string& path);

// The input file that `options` mean: -f, else image.strata, Dockerfile or Containerfile in the
// context.
[[nodiscard]] Result<std::string> input_file(const InputOptions& options);

// Runs the pipeline and checks the result; false after a reported error.
[[nodiscard]] bool optimize(ir::Module& module, Emitter& emitter);

}  // namespace strata::driver
