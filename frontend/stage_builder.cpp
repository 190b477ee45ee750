// StageBuilder: the one place where the instructions of both languages become ops.
#include "frontend/stage_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/image_config.h"
#include "ir/path_pattern.h"
#include "ir/reference.h"

namespace strata::frontend {
namespace {

// As in <linux/limits.h>, the NUL at the end included.
constexpr std::size_t kPathMax = 4096;
// Derived epochs are never before 1980: zip archives cannot hold earlier times.
constexpr std::int64_t kEarliestEpoch = 315532800;

constexpr DiagnosticDef<std::string, std::string> kBaseNotResolved{
    Kind::BaseNotResolved, "base image `{}` does not resolve: {}"};
constexpr DiagnosticDef<std::string> kBaseWithTriggers{
    Kind::BaseWithTriggers, "base image `{}` has ONBUILD triggers, which are not supported yet"};
constexpr DiagnosticDef<std::string, std::string> kMissingCopySource{
    Kind::MissingCopySource, "copy source `{}` is missing: {}"};
constexpr DiagnosticDef<std::string> kSourceOutsideContext{
    Kind::SourceOutsideContext, "copy source `{}` leaves the build context"};
constexpr DiagnosticDef<std::string, std::string> kBadSourcePattern{
    Kind::BadSourcePattern, "copy source `{}` cannot be selected: {}"};
constexpr DiagnosticDef<std::size_t, std::size_t> kPathTooLong{
    Kind::InputLimit, "path of {} bytes, of which Linux takes {}"};
constexpr DiagnosticDef<std::string> kDestinationNotDirectory{
    Kind::DestinationNotDirectory, "several sources are copied to `{}`, which does not end in `/`"};

// `dest` says directory by how it is written, whatever is there.
bool names_directory(std::string_view dest) {
  return dest.empty() || dest == "." || dest.ends_with('/') || dest.ends_with("/.");
}

// The bytes of an op's own strings. What ops share is counted where it comes from.
struct TextSize {
  std::size_t bytes = 0;

  void add(const std::string& text) { bytes += text.size(); }
  void add(const std::pair<std::string, std::string>& pair) {
    bytes += pair.first.size() + pair.second.size();
  }
  template <typename T>
  void add(const std::vector<T>& values) {
    for (const T& value : values) {
      add(value);
    }
  }
  template <typename T>
  void add(const std::optional<T>& value) {
    if (value) {
      add(*value);
    }
  }
  template <typename T>
  void add(const T& value) {
    if constexpr (ir::Nested<T>) {
      ir::visit_members(value, [&](std::string_view, const auto& member) { add(member); });
    }
  }
};

std::size_t text_size(const ir::OpData& op) {
  TextSize size;
  std::visit(
      [&](const auto& data) {
        ir::visit_fields(
            data, [&](std::string_view, const auto& field, ir::FieldRole) { size.add(field); });
      },
      op);
  return size.bytes;
}

// The triggers themselves are the notes, as many as one reads.
void report_triggers(const std::string& ref, const ir::Strings& triggers, Loc loc,
                     Emitter& emitter) {
  constexpr std::size_t kShown = 10;
  constexpr std::size_t kLongest = 200;
  auto pending = emitter.emit(loc, kBaseWithTriggers, ref);
  for (std::size_t i = 0; i < std::min(triggers.size(), kShown); ++i) {
    const std::string& trigger = triggers[i];
    pending.note("ONBUILD " + trigger.substr(0, kLongest) + (trigger.size() > kLongest ? "…" : ""));
  }
  if (triggers.size() > kShown) {
    pending.note(fmt::format("and {} more", triggers.size() - kShown));
  }
}

}  // namespace

const std::string& default_path() {
  static const std::string path(ir::kDefaultPath);
  return path;
}

bool StageBuilder::check_length(std::string_view path, Loc loc) const {
  if (path.size() < kPathMax) {
    return true;
  }
  context_->emitter.emit(loc, kPathTooLong, path.size(), kPathMax - 1);
  return false;
}

std::optional<ir::OpId> StageBuilder::add(ir::OpData op, Loc loc) {
  const auto* exec = std::get_if<ir::Exec>(&op);
  Budget& budget = context_->budget;
  if (!budget.take_text(text_size(op), loc, context_->emitter) ||
      (exec != nullptr && !budget.take_environment(exec->env.bytes(), loc, context_->emitter))) {
    return std::nullopt;
  }
  return context_->builder.add(std::move(op), loc);
}

// What is known of the config below the first instruction.
void StageBuilder::begin_config(const ir::ImageConfig& config) {
  // No process on Linux is given what an image of Windows may have (`=C:`); its config keeps it.
  for (const auto& [name, value] : config.env) {
    if (!name.empty() && name.find('=') == std::string::npos) {
      env_.set(name, value);
    }
  }
  if (env_.find("PATH") == nullptr) {
    env_.set("PATH", default_path());
  }
  workdir_ = config.workdir.empty() ? "/" : config.workdir;
  user_ = config.user;
  shell_ = config.shell.value_or(ir::Strings());
  has_cmd_ = config.cmd && !config.cmd->empty();
  base_known_ = true;
}

Result<std::optional<StageBuilder>> StageBuilder::from_image(LoweringContext& context,
                                                             const ImageArgs& args, Loc loc) {
  const std::string& ref = args.ref;
  const auto report_unresolved = [&](const std::string& reason) {
    auto pending = context.emitter.emit(loc, kBaseNotResolved, ref, reason);
    if (const std::string note = args.advice ? args.advice() : std::string(); !note.empty()) {
      pending.note(note);
    }
  };
  auto answer = context.resolver.image({.ref = ref, .platform = context.platform});
  if (!answer) {
    const Error error = std::move(answer).error();
    report_unresolved(error.message);
    if (error.code != ErrorCode::NotFound && error.code != ErrorCode::Input) {
      // The world failed, not the input; the diagnostic has said where and why.
      return Error{error.code, fmt::format("base image `{}` was not resolved", ref)};
    }
    return std::optional<StageBuilder>();
  }
  StageBuilder stage(context);
  ir::Image image;
  if (const auto& binding = *answer) {
    if (args.use == ImageArgs::Use::Base && !binding->config.on_build.empty()) {
      report_triggers(ref, binding->config.on_build, loc, context.emitter);
      return std::optional<StageBuilder>();
    }
    image.ref = binding->ref;
    image.platform = binding->platform;
    image.manifest = binding->manifest;
    image.config = binding->config_digest;
    image.diff_ids = binding->config.diff_ids;
    image.epoch =
        context.epoch.value_or(std::max(binding->config.created.value_or(0), kEarliestEpoch));
    stage.begin_config(binding->config);
  } else {
    const auto reference = ir::Reference::parse(ref);
    if (!reference) {
      report_unresolved("not an image reference");
      return std::optional<StageBuilder>();
    }
    image.ref = reference->str();
    image.platform = context.platform;
    // Unknown, like all that the base's config would say.
    image.epoch = context.epoch.value_or(0);
  }
  stage.epoch_ = image.epoch;
  stage.root_ = context.builder.add(std::move(image), loc);
  stage.config_op_ = stage.root_;
  return std::optional<StageBuilder>(std::move(stage));
}

Result<std::optional<StageBuilder>> StageBuilder::from_base(LoweringContext& context,
                                                            const std::string& ref, Loc loc,
                                                            const Advice& advice) {
  if (const auto named = context.contexts.find(ref)) {
    return from_context(context, *named, loc);
  }
  return from_image(context, {ref, ImageArgs::Use::Base, advice}, loc);
}

Result<std::optional<StageBuilder>> StageBuilder::from_context(LoweringContext& context,
                                                               const std::string& name, Loc loc) {
  STRATA_ASSIGN(auto ignore, context.contexts.ignore(name));
  if (!ignore) {
    return std::optional<StageBuilder>();
  }
  const std::size_t errors = context.emitter.error_count();
  StageBuilder stage = from_scratch(context, 0, loc);
  CopyArgs copy;
  copy.sources.push_back({.from = Source::From::Local,
                          .path = ".",
                          .root = {},
                          .content = {},
                          .context = name,
                          .ignore = *std::move(ignore),
                          .loc = loc});
  copy.dest = "/";
  STRATA_TRY(stage.copy(copy, loc));
  return context.emitter.error_count() == errors ? std::optional(std::move(stage)) : std::nullopt;
}

StageBuilder StageBuilder::from_scratch(LoweringContext& context, std::int64_t epoch, Loc loc) {
  StageBuilder stage(context);
  stage.epoch_ = context.epoch.value_or(std::max(epoch, kEarliestEpoch));
  stage.root_ =
      context.builder.add(ir::Scratch{.epoch = stage.epoch_, .platform = context.platform}, loc);
  stage.config_op_ = stage.root_;
  stage.begin_config({});
  return stage;
}

std::string StageBuilder::absolute(std::string_view path) const {
  if (path.starts_with('/')) {
    return ir::clean_path(path);
  }
  return ir::clean_path("/" + workdir_ + "/" + std::string(path));
}

ir::Strings StageBuilder::shell() const {
  return shell_.empty() ? ir::Strings{"/bin/sh", "-c"} : shell_.values();
}

// A whole tree as a source, if the budget held it.
StageBuilder::LoweredSource StageBuilder::whole_tree(std::optional<ir::OpId> tree, Loc loc,
                                                     std::size_t files) {
  if (!tree) {
    return {};
  }
  return {LoweredSource::State::Good, {.path = {}, .tree = *tree, .loc = loc}, files, {}};
}

Result<StageBuilder::LoweredSource> StageBuilder::local_source(const Source& source) {
  std::string path = source.path;
  path.erase(0, std::min(path.find_first_not_of('/'), path.size()));
  path = ir::clean_path(path);
  if (path == ".." || path.starts_with("../")) {
    context_->emitter.emit(source.loc, kSourceOutsideContext, source.path)
        .note("only files below the context directory can be copied");
    return LoweredSource();
  }
  if (path == ".") {
    path.clear();
  }
  auto answer = context_->resolver.local(
      {.context = source.context, .source = path, .ignore = source.ignore});
  if (!answer) {
    const Error error = std::move(answer).error();
    if (error.code == ErrorCode::NotFound && ir::has_wildcard(path)) {
      return LoweredSource{LoweredSource::State::NoMatch, {}, 0, error.message};
    }
    if (error.code == ErrorCode::NotFound) {
      context_->emitter.emit(source.loc, kMissingCopySource, source.path, error.message);
    } else if (error.code == ErrorCode::Outside) {
      context_->emitter.emit(source.loc, kSourceOutsideContext, source.path).note(error.message);
    } else if (error.code == ErrorCode::Input) {
      context_->emitter.emit(source.loc, kBadSourcePattern, source.path, error.message);
    } else {
      return error;
    }
    return LoweredSource();
  }
  ir::Local local{.context = source.context, .ignore = source.ignore, .source = path, .tree = {}};
  std::size_t files = 1;
  if (*answer) {
    local.tree = (*answer)->tree;
    files = (*answer)->files;
  }
  return whole_tree(add(std::move(local), source.loc), source.loc, files);
}

Result<StageBuilder::LoweredSource> StageBuilder::copy_source(const Source& source) {
  if (!check_length(source.path, source.loc)) {
    return LoweredSource();
  }
  switch (source.from) {
    case Source::From::Local:
      return local_source(source);
    case Source::From::Inline:
      return whole_tree(
          add(ir::Inline{.files = {{.content = source.content, .mode = 0644, .path = source.path}}},
              source.loc),
          source.loc, 1);
    case Source::From::Root:
      break;
  }
  return LoweredSource{
      LoweredSource::State::Good,
      {.path = ir::clean_path("/" + source.path), .tree = source.root, .loc = source.loc},
      1,
      {}};
}

Result<void> StageBuilder::copy(const CopyArgs& args, Loc loc) {
  ir::Copy copy;
  bool complete = true;
  std::size_t files = 0;
  // A wildcard may match nothing beside sources that are there.
  std::vector<std::pair<const Source*, std::string>> unmatched;
  for (const Source& source : args.sources) {
    STRATA_ASSIGN(auto lowered, copy_source(source));
    switch (lowered.state) {
      case LoweredSource::State::Good:
        copy.sources.push_back(std::move(lowered.source));
        files += std::max(lowered.files, std::size_t{1});
        break;
      case LoweredSource::State::NoMatch:
        unmatched.emplace_back(&source, std::move(lowered.why));
        break;
      case LoweredSource::State::Wrong:
        complete = false;
        break;
    }
  }
  if (copy.sources.empty()) {
    for (const auto& [source, why] : unmatched) {
      context_->emitter.emit(source->loc, kMissingCopySource, source->path, why);
    }
  }
  if (files > 1 && !names_directory(args.dest)) {
    context_->emitter.emit(loc, kDestinationNotDirectory, args.dest)
        .note("end it in `/` to say that it is a directory");
  }
  if (!complete || copy.sources.empty()) {
    return {};
  }
  copy.dest = absolute(args.dest);
  if (!check_length(copy.dest, loc)) {
    return {};
  }
  if (names_directory(args.dest) && copy.dest != "/") {
    copy.dest += '/';
  }
  copy.mode = args.mode;
  copy.owner = args.owner;
  copy.root = root_;
  copy.unpack = args.archives == CopyArgs::Archives::Unpack;
  root_ = add(std::move(copy), loc).value_or(root_);
  return {};
}

void StageBuilder::run(const RunArgs& args, Loc loc) {
  ir::Exec exec;
  exec.args = args.args;
  if (args.command) {
    exec.args = shell();
    exec.args.push_back(*args.command);
  }
  // A base's may be relative, to the root then.
  exec.cwd = absolute(".");
  exec.env = args.env;
  exec.hostname = context_->hostname;
  exec.mounts = args.mounts;
  exec.network = args.network;
  exec.root = root_;
  exec.user = user_;
  root_ = add(std::move(exec), loc).value_or(root_);
}

void StageBuilder::change(const ir::Config& change, Loc loc) {
  ir::Config op = change;
  op.base = config_op_;
  for (const auto& [name, value] : op.env) {
    env_.set(name, value);
  }
  workdir_ = op.workdir.value_or(workdir_);
  user_ = op.user.value_or(user_);
  if (op.shell) {
    shell_ = *op.shell;
  }
  has_cmd_ = op.cmd ? !op.cmd->empty() : has_cmd_;
  config_op_ = add(std::move(op), loc).value_or(config_op_);
}

void StageBuilder::workdir(const std::string& path, Loc loc) {
  ir::Config op;
  op.workdir = absolute(path);
  if (!check_length(*op.workdir, loc)) {
    return;
  }
  change(op, loc);
  if (workdir_ != "/") {
    root_ = add(ir::Mkdir{.owner = user_, .path = workdir_, .root = root_}, loc).value_or(root_);
  }
}

void StageBuilder::cmd(const ir::Strings& args, Loc loc) {
  ir::Config op;
  op.cmd = args;
  change(op, loc);
  cmd_set_here_ = true;
}

void StageBuilder::entrypoint(const ir::Strings& args, Loc loc) {
  ir::Config op;
  op.entrypoint = args;
  const bool inherits_cmd = !base_known_ || has_cmd_;
  if (!cmd_set_here_ && inherits_cmd) {
    op.cmd = ir::Strings();
  }
  change(op, loc);
}

}  // namespace strata::frontend
