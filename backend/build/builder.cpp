// Runs the steps of a plan on several threads, each as soon as its inputs are there. One more
// thread follows them and makes what they made last: a RUN does not wait until the one before it is
// synced and compressed.
#include "backend/build/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "backend/build/assemble.h"
#include "backend/build/recheck.h"
#include "backend/build/roots.h"
#include "backend/build/step_runner.h"
#include "ir/base/check.h"

namespace strata::backend {
namespace {

// Whether the observer is told of hits: once in a build.
enum class TellHits { No, Yes };

// One round of a build.
class Scheduler {
 public:
  // References must outlive this.
  Scheduler(const BuildRequest& request, const Resolver::Own& own, TellHits tell_hits)
      : request_(request),
        tell_hits_(tell_hits),
        roots_(request.module, request.store, request.registry, request.sources),
        runner_(request, roots_, own) {}

  Result<BuildOutcome> run() {
    steps_.resize(request_.module.ops.size());
    prepare();
    work();
    if (!error_ && request_.cancelled) {
      error_ = Error{ErrorCode::Interrupted, "interrupted"};
    }
    if (!error_ && outcome_.failures.empty()) {
      if (auto done = assemble_all(); !done) {
        error_ = std::move(done).error();
      }
    }
    if (error_ && error_->code == ErrorCode::Network) {
      take_missing_bases();
    }
    if (error_) {
      return *std::move(error_);
    }
    std::sort(outcome_.failures.begin(), outcome_.failures.end(),
              [](const StepFailure& a, const StepFailure& b) { return a.step < b.step; });
    remember_failures();
    outcome_.steps = steps_;
    return std::move(outcome_);
  }

  // What became of the steps, whatever run() says.
  [[nodiscard]] const std::vector<BuiltStep>& steps() const { return steps_; }

 private:
  // What stopped a step may be its base's failure, which has a place of its own.
  void take_missing_bases() {
    for (auto& [image, error] : roots_.missing_bases()) {
      outcome_.failures.push_back({image, error, 0, 0, ""});
      error_.reset();
    }
  }

  bool runs(ir::OpId id) const {
    const PlannedStep& step = request_.plan->steps[id.index];
    return step.needed && step.status == StepStatus::Miss && makes_files(request_.module.op(id));
  }

  // Binds the hits, and finds for each step that runs what it waits for and how its result is kept.
  void prepare() {
    const std::size_t count = request_.module.ops.size();
    keep_.resize(count);
    waits_for_.resize(count, 0);
    readers_.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const PlannedStep& step = request_.plan->steps[i];
      if (step.result) {
        roots_.bind(ir::OpId{i}, step.result->tree);
        steps_[i].status = BuiltStep::Status::Hit;
      }
      if (tell_hits_ == TellHits::Yes && step.needed && step.status == StepStatus::Hit &&
          makes_files(request_.module.op(ir::OpId{i}))) {
        request_.observer.step_ended(ir::OpId{i}, StepEnd::Hit, 0, 0);
      }
      if (runs(ir::OpId{i})) {
        prepare_step(ir::OpId{i});
      }
    }
    if (starts_processes(request_.module, *request_.plan)) {
      roots_.unpack_bases();
      request_.executor->prepare();
    }
    for (std::size_t i = 0; i < request_.module.targets.size(); ++i) {
      if (!request_.plan->targets[i].image) {
        const ir::Stage& stage = request_.module.stage(request_.module.targets[i].stage);
        for (const ir::OpId id : ir::root_chain(request_.module, stage.root)) {
          keep_[id.index].layer = true;
        }
      }
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      // A result that no image and no step keeps would be lost with this process.
      keep_[i].root = keep_[i].root || !keep_[i].layer;
    }
  }

  void prepare_step(ir::OpId id) {
    ++pending_;
    const ir::Op& op = request_.module.op(id);
    for (const ir::OpId input : ir::operands(op)) {
      if (runs(input)) {
        ++waits_for_[id.index];
        readers_[input.index].push_back(id);
      }
    }
    if (waits_for_[id.index] == 0) {
      ready_.push_back(id);
    }
    if (std::holds_alternative<ir::Exec>(op.data)) {
      keep_chain_unpacked(ir::root_operand(op));
    } else if (const auto* copy = std::get_if<ir::Copy>(&op.data)) {
      for (const ir::CopySource& source : copy->sources) {
        if (!source.path.empty()) {
          keep_chain_unpacked(source.tree);
        }
      }
    }
  }

  void keep_chain_unpacked(ir::OpId root) {
    for (const ir::OpId below : ir::root_chain(request_.module, root)) {
      keep_[below.index].root = true;
    }
  }

  void work() {
    std::vector<std::thread> threads;
    const std::size_t count = std::min<std::size_t>(std::max(1U, request_.jobs), pending_);
    for (std::size_t i = 0; i < count; ++i) {
      threads.emplace_back([this] { worker(); });
    }
    std::thread publishing([this] { publisher(); });
    for (std::thread& thread : threads) {
      thread.join();
    }
    {
      const std::lock_guard lock(mutex_);
      all_made_ = true;
    }
    made_.notify_one();
    publishing.join();
  }

  bool stopped() const { return error_ || !outcome_.failures.empty() || request_.cancelled; }

  void worker() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return !ready_.empty() || pending_ == 0 || stopped(); });
      if (ready_.empty() || stopped()) {
        wake_.notify_all();
        return;
      }
      const ir::OpId id = ready_.front();
      ready_.pop_front();
      lock.unlock();
      run_step(id);
      lock.lock();
      --pending_;
      for (const ir::OpId reader : readers_[id.index]) {
        if (--waits_for_[reader.index] == 0) {
          ready_.push_back(reader);
        }
      }
      wake_.notify_all();
    }
  }

  void run_step(ir::OpId id) {
    request_.observer.step_started(id);
    StepFailure failure;
    failure.step = id;
    const auto start = std::chrono::steady_clock::now();
    auto made = runner_.make(id, keep_[id.index], failure);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (made) {
      roots_.bind(id, made->digest, made->tree);
      request_.observer.step_ended(id, StepEnd::Ran, took.count(), made->bytes);
      const std::lock_guard lock(mutex_);
      steps_[id.index] = {BuiltStep::Status::Ran, took.count(), made->bytes};
      unpublished_.push_back(*std::move(made));
      made_.notify_one();
      return;
    }
    const ErrorCode code = made.error().code;
    request_.observer.step_ended(
        id, code == ErrorCode::Interrupted ? StepEnd::Interrupted : StepEnd::Failed, took.count(),
        0);
    failure.error = std::move(made).error();
    fail(std::move(failure));
  }

  void fail(StepFailure failure) {
    const std::lock_guard lock(mutex_);
    const ErrorCode code = failure.error.code;
    if (code == ErrorCode::Step || code == ErrorCode::Input || code == ErrorCode::NotFound) {
      outcome_.failures.push_back(std::move(failure));
    } else if (!error_) {
      error_ = std::move(failure.error);
    }
    wake_.notify_all();
  }

  // In the order in which the steps were made, also when others fail: what was made is not made
  // again by the next build.
  void publisher() {
    std::unique_lock lock(mutex_);
    while (true) {
      made_.wait(lock, [&] { return !unpublished_.empty() || all_made_; });
      if (unpublished_.empty()) {
        return;
      }
      MadeStep made = std::move(unpublished_.front());
      unpublished_.pop_front();
      const bool layers = !stopped();
      lock.unlock();
      Result<void> done = runner_.publish(made);
      if (done && layers) {
        done = runner_.write_layer_of(made);
      }
      if (!done) {
        fail({made.step, std::move(done).error(), 0, 0, ""});
      }
      lock.lock();
    }
  }

  // After what their roots consist of was published. That a start cannot be kept must not hide the
  // failure: a full disk may be why the command failed.
  void remember_failures() {
    for (StepFailure& failure : outcome_.failures) {
      if (failure.start && !request_.store.put_failed(request_.records[failure.step.index]->digest,
                                                      *failure.start)) {
        failure.again = StepFailure::Again::No;
      }
    }
  }

  Result<void> assemble_all() {
    for (std::size_t i = 0; i < request_.module.targets.size(); ++i) {
      const auto& stored = request_.plan->targets[i].image;
      if (!stored) {
        STRATA_ASSIGN(BuiltImage image, assemble(request_, roots_, i));
        outcome_.images.push_back(std::move(image));
        continue;
      }
      STRATA_ASSIGN(const auto image, oci::load_image(request_.store, *stored));
      if (!image) {
        return Error{ErrorCode::Corrupt,
                     "the stored image vanished while the build ran; run it again"};
      }
      outcome_.images.push_back({*stored, image->manifest.config.digest, true});
    }
    return {};
  }

  const BuildRequest& request_;
  TellHits tell_hits_;
  Roots roots_;
  StepRunner runner_;
  BuildOutcome outcome_;
  std::vector<BuiltStep> steps_;  // by OpId
  std::vector<KeepResult> keep_;
  std::vector<std::size_t> waits_for_;
  std::vector<std::vector<ir::OpId>> readers_;

  // Guards what follows, outcome_ and steps_ while threads run.
  std::mutex mutex_;
  std::condition_variable wake_;
  // Tells the publisher of a step in unpublished_, or that no other will come.
  std::condition_variable made_;
  std::deque<MadeStep> unpublished_;
  bool all_made_ = false;
  std::deque<ir::OpId> ready_;
  std::size_t pending_ = 0;
  std::optional<Error> error_;
};

// Rounds of a build. Damage is a miss, wherever it is found: it is set aside, and the next round
// plans without it.
class Healing {
 public:
  explicit Healing(const BuildRequest& request) : round_(request) {
    steps_.resize(request.module.ops.size());
    take_note(request.earlier);
  }

  Result<BuildOutcome> run() {
    // Each sets aside all that is damaged of what the build needs, so one is enough unless the disk
    // goes on losing things.
    constexpr int kRounds = 4;
    for (int i = 1;; ++i) {
      const std::uint64_t set_aside = round_.store.set_aside();
      const bool first = i == 1 && round_.earlier.empty();
      Scheduler scheduler(round_, own_, first ? TellHits::Yes : TellHits::No);
      Result<BuildOutcome> outcome = scheduler.run();
      take_note(scheduler.steps());
      if (outcome) {
        outcome->steps = steps_;
        return outcome;
      }
      const ErrorCode code = outcome.error().code;
      if ((code != ErrorCode::Corrupt && code != ErrorCode::Io) || i == kRounds) {
        return outcome;
      }
      STRATA_TRY(recheck(round_));
      STRATA_ASSIGN(Plan next, plan_again());
      const bool can = round_.executor != nullptr || !starts_processes(round_.module, next);
      if (!can || (round_.store.set_aside() == set_aside && next.same_work(*round_.plan))) {
        return outcome;
      }
      round_.observer.notice(fmt::format("{}; making it again", outcome.error().message));
      plan_ = std::move(next);
      round_.plan = &plan_;
    }
  }

 private:
  // A step that ran in an earlier round is a hit in a later one.
  void take_note(const std::vector<BuiltStep>& steps) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps_[i].status != BuiltStep::Status::Ran) {
        steps_[i] = steps[i];
      }
    }
    own_ = own_steps(steps_);
  }

  Result<Plan> plan_again() const {
    return make_plan(
        {round_.module, round_.records, round_.store, {round_.profile.name()}, round_.cache, own_});
  }

  BuildRequest round_;
  Plan plan_;
  // By OpId, of all rounds.
  std::vector<BuiltStep> steps_;
  Resolver::Own own_;
};

}  // namespace

Resolver::Own own_steps(const std::vector<BuiltStep>& steps) {
  Resolver::Own own;
  for (std::uint32_t i = 0; i < steps.size(); ++i) {
    if (steps[i].status == BuiltStep::Status::Ran) {
      own.insert(ir::OpId{i});
    }
  }
  return own;
}

Result<BuildOutcome> build(const BuildRequest& request) { return Healing(request).run(); }

}  // namespace strata::backend
