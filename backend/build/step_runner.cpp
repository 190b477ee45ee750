// One step: from its op and its inputs' roots to a stored result.
#include "backend/build/step_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "backend/build/layers.h"
#include "backend/build/output_pipe.h"
#include "backend/build/users.h"
#include "backend/system/files.h"
#include "backend/tree/scan.h"
#include "ir/base/check.h"

namespace strata::backend {
namespace {

std::uint64_t size_of(const Tree& tree) {
  std::uint64_t bytes = 0;
  for (const TreeEntry& entry : tree.entries) {
    bytes += entry.size;
  }
  return bytes;
}

}  // namespace

Result<MadeStep> StepRunner::make(ir::OpId step, KeepResult keep, StepFailure& failure) {
  const ir::Op& op = request_->module.op(step);
  const auto& record = request_->records[step.index];
  STRATA_CHECK(record.has_value(), "an unbound step reached the builder");
  // Another process may be building the same step: the second one takes the first one's result.
  STRATA_ASSIGN(Fd lock, request_->store.lock("step-" + record->digest.hex(), [&](int pid) {
    request_->observer.notice(fmt::format("waiting for process {}, which runs the same step", pid));
  }));
  STRATA_ASSIGN(auto made_meanwhile, stored_result(step));
  if (made_meanwhile) {
    return *std::move(made_meanwhile);
  }
  const auto start = std::chrono::steady_clock::now();
  MadeStep made;
  made.step = step;
  made.keep = keep;
  if (const auto* exec = std::get_if<ir::Exec>(&op.data)) {
    STRATA_TRY(run_exec(*exec, made, failure));
  } else if (const auto* copy = std::get_if<ir::Copy>(&op.data)) {
    STRATA_TRY(run_copy(*copy, made, failure));
  } else if (const auto* mkdir = std::get_if<ir::Mkdir>(&op.data)) {
    STRATA_TRY(run_mkdir(*mkdir, made));
  } else {
    STRATA_CHECK(false, "an op that is no step was run");
  }
  made.bytes = size_of(*made.tree);
  const auto took = std::chrono::steady_clock::now() - start;
  made.milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  made.lock = std::move(lock);
  return made;
}

std::vector<std::optional<Digest>> StepRunner::bound_inputs(ir::OpId step) const {
  return resolver_.inputs(step, [&](ir::OpId input) { return roots_->bound(input); });
}

// What another process published between the plan and our turn.
Result<std::optional<MadeStep>> StepRunner::stored_result(ir::OpId step) {
  STRATA_ASSIGN(const Resolver::Answer answer, resolver_.find(step, bound_inputs(step)));
  if (!answer.result) {
    return std::optional<MadeStep>();
  }
  const Digest& digest = answer.result->tree;
  STRATA_ASSIGN(const auto tree, request_->store.tree(digest));
  if (!tree) {
    return std::optional<MadeStep>();
  }
  return std::optional(MadeStep{step, digest, *tree, size_of(**tree), {}, 0, {}, Fd()});
}

Result<void> StepRunner::publish(MadeStep& made) {
  if (!made.lock.valid()) {
    return {};
  }
  STRATA_TRY(request_->store.put_tree(*made.tree));
  STRATA_TRY(made.staged.commit());
  STRATA_ASSIGN(const ProcessStart start, start_of(made.step));
  STRATA_TRY(request_->store.put_start(request_->records[made.step.index]->digest, start));
  StepResult result{made.digest, {}, made.milliseconds};
  for (const std::optional<Digest>& input : bound_inputs(made.step)) {
    STRATA_CHECK(input.has_value(), "a step ran before its inputs were done");
    result.inputs.push_back(*input);
  }
  return request_->store.put_result(request_->records[made.step.index]->digest,
                                    ir::record_json(request_->module, request_->records, made.step),
                                    result);
}

Result<void> StepRunner::write_layer_of(const MadeStep& made) {
  if (made.keep.layer && made.keep.root && !made.tree->entries.empty()) {
    STRATA_TRY(ensure_layer(request_->store, made.tree, made.digest, nullptr, request_->profile,
                            request_->jobs));
  }
  return {};
}

// Of a step that runs nothing: its root, and the environment of the image that it is based on.
Result<ProcessStart> StepRunner::start_of(ir::OpId step) {
  const ir::Op& op = request_->module.op(step);
  if (const auto* exec = std::get_if<ir::Exec>(&op.data)) {
    return start_of(*exec);
  }
  ProcessStart start;
  const ir::OpId root = ir::root_operand(op);
  STRATA_ASSIGN(start.trees, roots_->trees(root));
  start.epoch = ir::stage_epoch(request_->module, root);
  for (const ir::OpId below : ir::root_chain(request_->module, root)) {
    const auto* base = std::get_if<ir::Image>(&request_->module.op(below).data);
    const oci::Image* image = base != nullptr && base->manifest
                                  ? request_->sources.bound_image(*base->manifest)
                                  : nullptr;
    if (image != nullptr) {
      start.env = image->config.env;
    }
  }
  return start;
}

// Mounts are heredoc scripts: the files of inline ops.
Result<ProcessStart> StepRunner::start_of(const ir::Exec& op) {
  ProcessStart start;
  STRATA_ASSIGN(start.trees, roots_->trees(op.root));
  start.args = op.args;
  start.env.assign(op.env.begin(), op.env.end());
  start.cwd = op.cwd;
  start.user = op.user;
  start.hostname = op.hostname;
  start.network = op.network;
  start.epoch = ir::stage_epoch(request_->module, op.root);
  for (const ir::Mount& mount : op.mounts) {
    const auto* files = std::get_if<ir::Inline>(&request_->module.op(mount.source).data);
    STRATA_CHECK(files != nullptr && mount.path.empty(), "a mount of something that is not inline");
    start.mounts.push_back({files->files, mount.target});
  }
  return start;
}

Result<RunOutcome> StepRunner::run_process(ir::OpId id, const RunSpec& spec, StepFailure& failure) {
  STRATA_CHECK(request_->executor != nullptr, "a RUN without an executor");
  STRATA_ASSIGN(auto pipe, OutputPipe::open([&](std::string_view bytes) {
                  request_->observer.step_output(id, bytes);
                }));
  auto outcome = request_->executor->run(spec, pipe->write_end());
  failure.output_tail = pipe->finish();
  return outcome;
}

Result<void> StepRunner::run_exec(const ir::Exec& op, MadeStep& made, StepFailure& failure) {
  STRATA_ASSIGN(ProcessStart start, start_of(op));
  STRATA_ASSIGN(const ProcessRoot root, roots_->process_root(op.root));
  STRATA_ASSIGN(const std::string scratch, request_->store.new_scratch("run"));
  STRATA_ASSIGN(RunSpec spec, run_spec_of(start, root, scratch));
  spec.env.insert(spec.env.end(), request_->proxies.begin(), request_->proxies.end());
  STRATA_ASSIGN(const RunOutcome outcome, run_process(made.step, spec, failure));
  if (outcome.exit_code != 0 || outcome.signal != 0) {
    failure.exit_code = outcome.exit_code;
    failure.signal = outcome.signal;
    failure.start = std::move(start);
    failure.again = has_shell(root.view) ? StepFailure::Again::Shell : StepFailure::Again::Command;
    STRATA_TRY(remove_tree(spec.scratch));
    return Error{ErrorCode::Step, outcome.signal != 0
                                      ? fmt::format("killed by signal {}", outcome.signal)
                                      : fmt::format("exit code {}", outcome.exit_code)};
  }
  STRATA_ASSIGN(Tree tree,
                scan_upper(spec.scratch + "/upper", root.view, {spec.epoch, request_->jobs}));
  made.tree = std::make_shared<const Tree>(std::move(tree));
  made.digest = tree_digest(*made.tree);
  // It is there, so it is kept.
  made.keep.root = true;
  if (!made.tree->entries.empty()) {
    STRATA_ASSIGN(made.staged, request_->store.stage_root(made.digest, spec.scratch + "/upper"));
  }
  return remove_tree(spec.scratch);
}

Result<std::vector<CopyItem>> StepRunner::items(const ir::CopySource& source) {
  const ir::OpData& data = request_->module.op(source.tree).data;
  if (const auto* local = std::get_if<ir::Local>(&data)) {
    const BoundSelection* bound = request_->sources.bound_selection(*local->tree);
    STRATA_CHECK(bound != nullptr, "a local op that no resolver bound");
    return items_of(*bound->selection, bound->content);
  }
  if (const auto* files = std::get_if<ir::Inline>(&data)) {
    return items_of(*files);
  }
  STRATA_ASSIGN(const RootView root, roots_->view(source.tree));
  STRATA_ASSIGN(const auto content, roots_->content(source.tree));
  return items_of(root, content, source.path);
}

Result<void> StepRunner::run_copy(const ir::Copy& op, MadeStep& made, StepFailure& failure) {
  STRATA_ASSIGN(const RootView below, roots_->view(op.root));
  CopyRequest request{
      op, {}, below, std::nullopt, ir::stage_epoch(request_->module, made.step), "", [&] {
        return roots_->content(op.root);
      }};
  if (!op.owner.empty()) {
    STRATA_ASSIGN(const auto content, roots_->content(op.root));
    STRATA_ASSIGN(request.owner, resolve_owner(op.owner, below, *content));
  }
  if (op.unpack) {
    STRATA_ASSIGN(request.scratch, request_->store.new_scratch("add"));
  }
  for (const ir::CopySource& source : op.sources) {
    auto found = items(source);
    if (!found) {
      failure.loc = source.loc;
      return std::move(found).error();
    }
    std::move(found->begin(), found->end(), std::back_inserter(request.items));
  }
  if (request.items.empty()) {
    failure.loc = op.sources.front().loc;
    return Error{ErrorCode::NotFound,
                 fmt::format("`{}` matches nothing in the root that it is copied from",
                             op.sources.front().path)};
  }
  STRATA_ASSIGN(const TreeWithContent files, copy_tree(request));
  STRATA_TRY(keep_files(files, made));
  return request.scratch.empty() ? Result<void>() : remove_tree(request.scratch);
}

Result<void> StepRunner::run_mkdir(const ir::Mkdir& op, MadeStep& made) {
  STRATA_ASSIGN(const RootView below, roots_->view(op.root));
  FileOwner owner;
  if (!op.owner.empty()) {
    STRATA_ASSIGN(const auto content, roots_->content(op.root));
    STRATA_ASSIGN(const ProcessUser user, resolve_process_user(op.owner, below, *content));
    owner = {user.uid, user.gid};
  }
  STRATA_ASSIGN(const TreeWithContent files,
                mkdir_tree(op.path, owner, below, ir::stage_epoch(request_->module, made.step)));
  return keep_files(files, made);
}

// A root, or the layer alone: then it is made here, where the content is at hand.
Result<void> StepRunner::keep_files(const TreeWithContent& files, MadeStep& made) {
  made.tree = files.tree;
  made.digest = tree_digest(*files.tree);
  if (files.tree->entries.empty()) {
    return {};
  }
  if (!made.keep.root) {
    STRATA_TRY(ensure_layer(request_->store, files.tree, made.digest, files.content,
                            request_->profile, request_->jobs));
  } else if (!request_->store.root(made.digest)) {
    STRATA_ASSIGN(const std::string scratch, request_->store.new_scratch("copy"));
    STRATA_TRY(materialize(*files.tree, *files.content, scratch));
    STRATA_ASSIGN(made.staged, request_->store.stage_root(made.digest, scratch));
  }
  return {};
}

}  // namespace strata::backend
