// StageBuilder: the one place where the instructions of both languages become ops.
#include "frontend/stage_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ir/path_pattern.h"
#include "ir/reference.h"

namespace strata::frontend {
namespace {

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
constexpr DiagnosticDef<std::string> kDestinationNotDirectory{
    Kind::DestinationNotDirectory, "several sources are copied to `{}`, which does not end in `/`"};

// `dest` says directory by how it is written, whatever is there.
bool names_directory(std::string_view dest) {
  return dest.empty() || dest == "." || dest.ends_with('/') || dest.ends_with("/.");
}

void set_pair(ir::Pairs& pairs, const std::string& name, const std::string& value) {
  const auto found = std::find_if(pairs.begin(), pairs.end(),
                                  [&](const auto& pair) { return pair.first == name; });
  if (found == pairs.end()) {
    pairs.emplace_back(name, value);
  } else {
    found->second = value;
  }
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

Result<std::optional<StageBuilder>> StageBuilder::from_image(LoweringContext& context,
                                                             const ImageArgs& args, Loc loc) {
  const std::string& ref = args.ref;
  auto answer = context.resolver.image({.ref = ref, .platform = context.platform});
  if (!answer) {
    const Error error = std::move(answer).error();
    auto pending = context.emitter.emit(loc, kBaseNotResolved, ref, error.message);
    if (!args.advice.empty()) {
      pending.note(args.advice);
    }
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
    stage.config_ = binding->config;
    stage.base_known_ = true;
  } else {
    const auto reference = ir::Reference::parse(ref);
    if (!reference) {
      auto pending = context.emitter.emit(loc, kBaseNotResolved, ref, "not an image reference");
      if (!args.advice.empty()) {
        pending.note(args.advice);
      }
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
                                                            const std::string& advice) {
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
  stage.base_known_ = true;
  return stage;
}

std::optional<std::string> StageBuilder::env(std::string_view name) const {
  for (const auto& [key, value] : config_.env) {
    if (key == name) {
      return value;
    }
  }
  if (name == "PATH") {
    return std::string(ir::kDefaultPath);
  }
  return std::nullopt;
}

std::string StageBuilder::absolute(std::string_view path) const {
  if (path.starts_with('/')) {
    return ir::clean_path(path);
  }
  const std::string base = config_.workdir.empty() ? "/" : config_.workdir;
  return ir::clean_path("/" + base + "/" + std::string(path));
}

ir::Strings StageBuilder::shell() const {
  if (config_.shell && !config_.shell->empty()) {
    return *config_.shell;
  }
  return {"/bin/sh", "-c"};
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
  return LoweredSource{
      LoweredSource::State::Good,
      {.path = {}, .tree = context_->builder.add(std::move(local), source.loc), .loc = source.loc},
      files,
      {}};
}

Result<StageBuilder::LoweredSource> StageBuilder::copy_source(const Source& source) {
  LoweredSource result;
  result.state = LoweredSource::State::Good;
  switch (source.from) {
    case Source::From::Local:
      return local_source(source);
    case Source::From::Inline:
      result.source = {
          .path = {},
          .tree = context_->builder.add(
              ir::Inline{.files = {{.content = source.content, .mode = 0644, .path = source.path}}},
              source.loc),
          .loc = source.loc};
      return result;
    case Source::From::Root:
      break;
  }
  result.source = {
      .path = ir::clean_path("/" + source.path), .tree = source.root, .loc = source.loc};
  return result;
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
  if (names_directory(args.dest) && copy.dest != "/") {
    copy.dest += '/';
  }
  copy.mode = args.mode;
  copy.owner = args.owner;
  copy.root = root_;
  copy.unpack = args.archives == CopyArgs::Archives::Unpack;
  root_ = context_->builder.add(std::move(copy), loc);
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
  exec.env = config_.env;
  // No process on Linux is given what an image of Windows may have (`=C:`); its config keeps it.
  std::erase_if(exec.env, [](const auto& pair) {
    return pair.first.empty() || pair.first.find('=') != std::string::npos;
  });
  for (const auto& [name, value] : args.build_args) {
    set_pair(exec.env, name, value);
  }
  const bool has_path = std::any_of(exec.env.begin(), exec.env.end(),
                                    [](const auto& pair) { return pair.first == "PATH"; });
  // An unknown base may well set PATH, so only a known one gets the default.
  if (!has_path && base_known_) {
    exec.env.emplace_back("PATH", ir::kDefaultPath);
  }
  exec.hostname = context_->hostname;
  exec.mounts = args.mounts;
  exec.network = args.network;
  exec.root = root_;
  exec.user = config_.user;
  root_ = context_->builder.add(std::move(exec), loc);
}

void StageBuilder::change(const ir::Config& change, Loc loc) {
  ir::Config op = change;
  op.base = config_op_;
  ir::apply(op, config_);
  config_op_ = context_->builder.add(std::move(op), loc);
}

void StageBuilder::workdir(const std::string& path, Loc loc) {
  ir::Config op;
  op.workdir = absolute(path);
  change(op, loc);
  if (config_.workdir != "/") {
    root_ = context_->builder.add(
        ir::Mkdir{.owner = config_.user, .path = config_.workdir, .root = root_}, loc);
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
  const bool inherits_cmd = !base_known_ || (config_.cmd && !config_.cmd->empty());
  if (!cmd_set_here_ && inherits_cmd) {
    op.cmd = ir::Strings();
  }
  change(op, loc);
}

}  // namespace strata::frontend
