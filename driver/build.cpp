// strata build: compile, plan, carry the plan out, name and write the images.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "backend/build/builder.h"
#include "backend/build/recheck.h"
#include "backend/oci/image.h"
#include "backend/system/files.h"
#include "backend/system/output_file.h"
#include "driver/build_summary.h"
#include "driver/commands.h"
#include "driver/compilation.h"
#include "driver/console.h"
#include "driver/failures.h"
#include "driver/image_names.h"
#include "driver/local_mounts.h"
#include "driver/output_checks.h"
#include "driver/outputs.h"
#include "driver/plan_output.h"
#include "driver/progress.h"
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
    // Before anything is built: a bad name or a file that cannot be written would waste it all.
    // What a placeholder stands for is known later.
    STRATA_ASSIGN(const std::vector<ImageNames> expected, names_of_images(options_, {"target"}));
    STRATA_TRY(check_written_files(options_, expected));
    STRATA_ASSIGN(world_, World::open(options_.input.jobs));
    // Forked first: the executor's child must be single-threaded, and reading the context starts
    // threads.
    auto executor = start_executor(world_, options_.runtime);
    if (executor) {
      executor_ = *std::move(executor);
    } else {
      executor_error_ = std::move(executor).error();
    }
    interrupts_.emplace([this] {
      world_.http->cancel();
      if (executor_ != nullptr) {
        executor_->cancel();
      }
    });
    STRATA_ASSIGN(compilation_, compile(options_.input, world_));
    if (compilation_ == nullptr) {
      return ExitCode::Input;
    }
    STRATA_ASSIGN(const bool good, check_images());
    if (!good) {
      return ExitCode::Input;
    }
    if (executor_ == nullptr &&
        backend::starts_processes(compilation_->module, compilation_->plan)) {
      return *executor_error_;
    }
    STRATA_ASSIGN(const backend::BuildOutcome outcome, build_and_write());
    if (!outcome.failures.empty()) {
      return report_failures(*compilation_, outcome, options_);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    summarize(outcome, took.count());
    return ExitCode::Done;
  }

 private:
  // The second half of the checks, once the images are known. False after a reported diagnostic.
  Result<bool> check_images() {
    std::vector<std::string> targets;
    for (const ir::Target& target : compilation_->module.targets) {
      targets.push_back(target.name);
    }
    STRATA_ASSIGN(names_, names_of_images(options_, targets));
    STRATA_TRY(check_written_files(options_, names_));
    return check_mount_sources(*compilation_);
  }

  // What turns out to be damaged when an image leaves the store is made again, as in a build.
  Result<backend::BuildOutcome> build_and_write() {
    constexpr int kRounds = 4;
    backend::BuildOutcome outcome;
    for (int i = 1;; ++i) {
      STRATA_ASSIGN(outcome, carry_out(std::move(outcome.steps)));
      if (!outcome.failures.empty()) {
        return outcome;
      }
      const std::uint64_t set_aside = world_.store->set_aside();
      const Result<void> written = name_and_write(outcome);
      if (written) {
        return outcome;
      }
      if (written.error().code != ErrorCode::Corrupt || i == kRounds) {
        return written.error();
      }
      for (const backend::BuiltImage& image : outcome.images) {
        STRATA_TRY(backend::recheck(*world_.store, image.manifest));
      }
      if (world_.store->set_aside() == set_aside) {
        return written.error();
      }
      remark("strata: {}; making it again\n", written.error().message);
      STRATA_TRY(make_plan(*compilation_, backend::own_steps(outcome.steps)));
      if (executor_ == nullptr &&
          backend::starts_processes(compilation_->module, compilation_->plan)) {
        return *executor_error_;
      }
    }
  }

  // `earlier`: what this command did before, by OpId.
  Result<backend::BuildOutcome> carry_out(std::vector<backend::BuiltStep> earlier) {
    const auto progress = make_progress(options_.progress, titles_of(*compilation_));
    const backend::BuildRequest request{
        compilation_->module,
        compilation_->records,
        &compilation_->plan,
        *world_.store,
        *world_.registry,
        *compilation_->bindings,
        executor_.get(),
        compilation_->profile,
        options_.input.no_cache ? backend::CacheUse::Ignore : backend::CacheUse::Use,
        compilation_->options.jobs,
        compilation_->proxies,
        *progress,
        interrupts_->cancelled(),
        std::move(earlier)};
    auto outcome = backend::build(request);
    progress->finish();
    return outcome;
  }

  Result<void> name_and_write(const backend::BuildOutcome& outcome) {
    for (std::size_t i = 0; i < outcome.images.size(); ++i) {
      const backend::BuiltImage& image = outcome.images[i];
      const std::vector<std::string>& names = names_[i].tags;
      STRATA_ASSIGN(const backend::LocalMounts mounts, mounts_of(i));
      for (const std::string& name : names) {
        STRATA_TRY(world_.store->set_ref(name, image.manifest, mounts));
      }
      if (names.empty()) {
        // A name by digest keeps an image without a tag from being collected.
        STRATA_TRY(world_.store->set_ref(image.manifest.digest.str(), image.manifest, mounts));
      }
      if (!names_[i].outputs.empty() && options_.progress != ProgressKind::Quiet &&
          options_.progress != ProgressKind::Json) {
        say_left_out(mounts);
      }
      STRATA_TRY(write_outputs(image, names_[i]));
    }
    STRATA_TRY(write_files(outcome));
    return {};
  }

  // What `strata run` mounts: it may be called anywhere.
  Result<backend::LocalMounts> mounts_of(std::size_t target) const {
    backend::LocalMounts mounts;
    mounts.mounts = compilation_->module.targets[target].run_mounts;
    if (!mounts.mounts.empty()) {
      STRATA_ASSIGN(mounts.context, backend::absolute_path(compilation_->options.context));
    }
    return mounts;
  }

  Result<void> write_outputs(const backend::BuiltImage& image, const ImageNames& names) {
    // Where base layers can be mounted from instead of uploaded.
    for (const ir::Op& op : compilation_->module.ops) {
      if (const auto* base = std::get_if<ir::Image>(&op.data)) {
        world_.registry->note_origin(
            *ir::Reference::parse(base->ref),
            compilation_->bindings->bound_image(*base->manifest)->manifest);
      }
    }
    for (const OutputOption& output : names.outputs) {
      STRATA_TRY(write_output(world_, output, image.manifest, names.tags));
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
    STRATA_TRY(write_text(options_.iidfile, configs));
    STRATA_TRY(write_text(options_.digest_file, manifests));
    return options_.metadata_file.empty() ? Result<void>()
                                          : write_text(options_.metadata_file, metadata(outcome));
  }

  // To a file that the user may have named.
  static Result<void> write_text(const std::string& dest, const std::string& text) {
    if (dest.empty()) {
      return {};
    }
    STRATA_ASSIGN(backend::OutputFile file, backend::OutputFile::open(dest));
    STRATA_TRY(file.write(text));
    return file.finish(backend::OutputFile::SameBytes::Replace);
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
      if (!names_[i].tags.empty()) {
        json["image.name"] = fmt::format("{}", fmt::join(names_[i].tags, ","));
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
        return dumped(json);
      }
      all[compilation_->module.targets[i].name] = std::move(json);
    }
    return dumped(all);
  }

  // Names may hold bytes that are not UTF-8.
  static std::string dumped(const nlohmann::ordered_json& json) {
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
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

  // Standard output has what was asked for, and nothing after it.
  bool answers_with_a_tar() const {
    return std::any_of(options_.outputs.begin(), options_.outputs.end(),
                       [](const OutputOption& output) { return output.dest == "-"; });
  }

  void summarize(const backend::BuildOutcome& outcome, double seconds) const {
    for (std::size_t i = 0; i < outcome.images.size() && !answers_with_a_tar(); ++i) {
      answer("{}{}\n", outcome.images[i].manifest.digest.str(),
             outcome.images.size() == 1 ? "" : "  " + compilation_->module.targets[i].name);
    }
    if (options_.progress == ProgressKind::Quiet || options_.progress == ProgressKind::Json) {
      return;
    }
    const std::string name = options_.tags.empty()
                                 ? outcome.images.front().manifest.digest.short_hex()
                                 : ir::Reference::parse(names_.front().tags.front())->familiar();
    remark("{}", summary_of_build(*compilation_, outcome, names_, seconds));
    remark("run it:  strata run {}\n", name);
  }

  const BuildOptions& options_;
  World world_;
  std::unique_ptr<backend::Executor> executor_;
  std::optional<Error> executor_error_;
  std::unique_ptr<Compilation> compilation_;
  std::vector<ImageNames> names_;  // by target
  // Last, so that it ends before what it cancels.
  std::optional<InterruptWatch> interrupts_;
};

}  // namespace

ExitCode run_build(const BuildOptions& options) {
  auto code = Build(options).run();
  return code ? *code : report(code.error());
}

}  // namespace strata::driver
