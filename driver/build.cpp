// strata build: compile, plan, carry the plan out, name and write the images.
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "backend/build/builder.h"
#include "backend/oci/image.h"
#include "backend/system/files.h"
#include "driver/commands.h"
#include "driver/compilation.h"
#include "driver/failures.h"
#include "driver/outputs.h"
#include "driver/plan_output.h"
#include "driver/progress.h"
#include "driver/run_spec.h"
#include "driver/signals.h"
#include "ir/reference.h"

namespace strata::driver {
namespace {

std::vector<StepTitle> titles_of(const Compilation& compilation) {
  const std::vector<std::string> stages = stage_names(compilation.module);
  std::vector<StepTitle> titles;
  for (std::uint32_t i = 0; i < compilation.module.ops.size(); ++i) {
    titles.push_back(
        {fmt::format("[{}] {}", stages[i],
                     ir::describe(compilation.module, ir::OpId{i}, ir::DescribeFor::Plan))});
  }
  return titles;
}

class Build {
 public:
  explicit Build(const BuildOptions& options) : options_(options) {}

  Result<ExitCode> run() {
    const auto start = std::chrono::steady_clock::now();
    STRATA_TRY(check_tags());
    STRATA_ASSIGN(world_, World::open(options_.input.jobs));
    // Forked first: the executor's child must be single-threaded, and reading the context starts
    // threads.
    auto executor = start_executor(world_, options_.runtime);
    if (executor) {
      executor_ = *std::move(executor);
    } else {
      executor_error_ = std::move(executor).error();
    }
    STRATA_ASSIGN(compilation_, compile(options_.input, world_));
    if (compilation_ == nullptr) {
      return ExitCode::Input;
    }
    if (executor_ == nullptr && runs_a_process()) {
      return *executor_error_;
    }
    STRATA_ASSIGN(backend::BuildOutcome outcome, carry_out());
    if (!outcome.failures.empty()) {
      return report_failures(*compilation_, outcome, options_);
    }
    STRATA_TRY(name_and_write(outcome));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    summarize(outcome, took.count());
    return ExitCode::Done;
  }

 private:
  // Before anything is built: a bad name at the end would waste it all.
  Result<void> check_tags() const {
    for (const std::string& tag : options_.tags) {
      if (!ir::Reference::parse(tag)) {
        return Error{ErrorCode::Input, fmt::format("`{}` is not an image reference", tag)};
      }
    }
    bool pushes = options_.push;
    for (const OutputOption& output : options_.outputs) {
      pushes = pushes || (output.type == "registry" && output.ref.empty());
    }
    if (pushes && options_.tags.empty()) {
      return Error{ErrorCode::Input, "a push needs a name: -t NAME or ref=NAME"};
    }
    return {};
  }

  bool runs_a_process() const {
    for (std::uint32_t i = 0; i < compilation_->module.ops.size(); ++i) {
      const backend::PlannedStep& step = compilation_->plan.steps[i];
      if (step.needed && step.status == backend::StepStatus::Miss &&
          std::holds_alternative<ir::Exec>(compilation_->module.ops[i].data)) {
        return true;
      }
    }
    return false;
  }

  Result<backend::BuildOutcome> carry_out() {
    Interrupts interrupts([this] {
      world_.http->cancel();
      if (executor_ != nullptr) {
        executor_->cancel();
      }
    });
    const auto progress = make_progress(options_.progress, titles_of(*compilation_));
    const backend::BuildRequest request{
        compilation_->module,
        compilation_->records,
        compilation_->plan,
        *world_.store,
        *world_.registry,
        *compilation_->bindings,
        executor_.get(),
        compilation_->profile,
        options_.input.no_cache ? backend::CacheUse::Ignore : backend::CacheUse::Use,
        compilation_->options.source_date_epoch,
        compilation_->options.jobs,
        compilation_->proxies,
        *progress,
        interrupts.cancelled()};
    auto outcome = backend::build(request);
    progress->finish();
    return outcome;
  }

  // With several images each is also known by its own name; -t names the one image of a Dockerfile.
  Result<void> name_and_write(const backend::BuildOutcome& outcome) {
    const bool one = outcome.images.size() == 1;
    if (!one && !options_.tags.empty()) {
      return Error{ErrorCode::Input,
                   "-t names one image, and this file makes several; choose one with --target"};
    }
    for (std::size_t i = 0; i < outcome.images.size(); ++i) {
      const backend::BuiltImage& image = outcome.images[i];
      std::vector<std::string> names;
      for (const std::string& tag : options_.tags) {
        names.push_back(ir::Reference::parse(tag)->str());
      }
      for (const std::string& name : names) {
        STRATA_TRY(world_.store->set_ref(name, image.manifest));
      }
      if (names.empty()) {
        // A name by digest keeps an image without a tag from being collected.
        STRATA_TRY(world_.store->set_ref(image.manifest.digest.str(), image.manifest));
      }
      STRATA_TRY(write_run_spec(
          *world_.store, image.manifest.digest,
          {compilation_->options.context, compilation_->module.targets[i].run_mounts}));
      STRATA_TRY(write_outputs(image, names));
    }
    STRATA_TRY(write_files(outcome));
    return {};
  }

  Result<void> write_outputs(const backend::BuiltImage& image,
                             const std::vector<std::string>& names) {
    // Where base layers can be mounted from instead of uploaded.
    for (const ir::Op& op : compilation_->module.ops) {
      if (const auto* base = std::get_if<ir::Image>(&op.data)) {
        world_.registry->note_origin(
            *ir::Reference::parse(base->ref),
            compilation_->bindings->bound_image(*base->manifest)->manifest);
      }
    }
    for (const OutputOption& output : options_.outputs) {
      STRATA_TRY(write_output(world_, output, image.manifest, names));
    }
    if (options_.push) {
      STRATA_TRY(write_output(world_, {"registry", "", ""}, image.manifest, names));
    }
    if (options_.load) {
      STRATA_TRY(write_output(world_, {"docker", "", ""}, image.manifest, names));
    }
    return {};
  }

  Result<void> write_files(const backend::BuildOutcome& outcome) const {
    std::string configs;
    std::string manifests;
    for (const backend::BuiltImage& image : outcome.images) {
      configs += (configs.empty() ? "" : "\n") + image.config.str();
      manifests += (manifests.empty() ? "" : "\n") + image.manifest.digest.str();
    }
    if (!options_.iidfile.empty()) {
      STRATA_TRY(backend::write_file_durably(options_.iidfile, configs));
    }
    if (!options_.digest_file.empty()) {
      STRATA_TRY(backend::write_file_durably(options_.digest_file, manifests));
    }
    if (!options_.metadata_file.empty()) {
      STRATA_TRY(backend::write_file_durably(options_.metadata_file, metadata(outcome)));
    }
    return {};
  }

  // buildx's keys and ours; an object for one image, an object by target name for several.
  std::string metadata(const backend::BuildOutcome& outcome) const {
    using Json = nlohmann::ordered_json;
    const Json steps =
        Json::parse(steps_json(*compilation_, [&](ir::OpId id) { return extra_of(outcome, id); }));
    Json all = Json::object();
    for (std::size_t i = 0; i < outcome.images.size(); ++i) {
      const backend::BuiltImage& image = outcome.images[i];
      Json json = {{"containerimage.config.digest", image.config.str()},
                   {"containerimage.descriptor",
                    {{"mediaType", image.manifest.media_type},
                     {"digest", image.manifest.digest.str()},
                     {"size", image.manifest.size}}},
                   {"containerimage.digest", image.manifest.digest.str()}};
      if (!options_.tags.empty()) {
        std::string names;
        for (const std::string& tag : options_.tags) {
          names += (names.empty() ? "" : ",") + ir::Reference::parse(tag)->str();
        }
        json["image.name"] = names;
      }
      json["strata.imageKey"] = compilation_->plan.targets[i].key->digest.str();
      json["strata.skipped"] = image.skipped;
      json["strata.steps"] = steps;
      Json mounts = Json::array();
      for (const ir::RunMount& mount : compilation_->module.targets[i].run_mounts) {
        mounts.push_back({{"source", mount.source}, {"target", mount.target}});
      }
      json["strata.runSpec"] = {{"mounts", mounts}};
      if (outcome.images.size() == 1) {
        return json.dump(2) + "\n";
      }
      all[compilation_->module.targets[i].name] = std::move(json);
    }
    return all.dump(2) + "\n";
  }

  StepExtra extra_of(const backend::BuildOutcome& outcome, ir::OpId id) const {
    const backend::BuiltStep& step = outcome.steps[id.index];
    if (!backend::makes_files(compilation_->module.op(id))) {
      return {"hit", std::nullopt, std::nullopt};
    }
    switch (step.status) {
      case backend::BuiltStep::Status::Hit:
        return {"hit", std::nullopt, std::nullopt};
      case backend::BuiltStep::Status::Ran:
        return {"ran", step.bytes, step.seconds};
      case backend::BuiltStep::Status::Skipped:
        return {"skipped", std::nullopt, std::nullopt};
    }
    return {};
  }

  void summarize(const backend::BuildOutcome& outcome, double seconds) const {
    std::size_t ran = 0;
    std::size_t steps = 0;
    for (std::uint32_t i = 0; i < outcome.steps.size(); ++i) {
      if (backend::makes_files(compilation_->module.ops[i])) {
        ++steps;
        ran += outcome.steps[i].status == backend::BuiltStep::Status::Ran ? 1U : 0U;
      }
    }
    for (std::size_t i = 0; i < outcome.images.size(); ++i) {
      const std::string digest = outcome.images[i].manifest.digest.str();
      fmt::print("{}{}\n", digest,
                 outcome.images.size() == 1 ? "" : "  " + compilation_->module.targets[i].name);
    }
    (void)std::fflush(stdout);
    if (options_.progress == ProgressKind::Quiet || options_.progress == ProgressKind::Json) {
      return;
    }
    const std::string name = options_.tags.empty()
                                 ? outcome.images.front().manifest.digest.short_hex()
                                 : options_.tags.front();
    if (ran == 0) {
      fmt::print(stderr, "nothing to do: all {} steps are cached ({:.2f}s)\n", steps, seconds);
    } else {
      fmt::print(stderr, "built in {:.2f}s: {} of {} steps ran\n", seconds, ran, steps);
    }
    fmt::print(stderr, "run it:  strata run {}\n", name);
  }

  const BuildOptions& options_;
  World world_;
  std::unique_ptr<backend::Executor> executor_;
  std::optional<Error> executor_error_;
  std::unique_ptr<Compilation> compilation_;
};

}  // namespace

ExitCode run_build(const BuildOptions& options) {
  auto code = Build(options).run();
  return code ? *code : report(code.error());
}

}  // namespace strata::driver
