#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "frontend/budget.h"
#include "frontend/named_contexts.h"
#include "ir/base/emitter.h"
#include "ir/base/result.h"
#include "ir/builder.h"
#include "ir/module.h"
#include "ir/sources.h"

namespace strata::frontend {

// What every stage of one lowering shares. References must outlive the StageBuilders.
struct LoweringContext {
  ir::Builder& builder;
  ir::SourceResolver& resolver;
  Emitter& emitter;
  NamedContexts& contexts;
  Budget& budget;
  // Target platform, normalized.
  std::string platform;
  // SOURCE_DATE_EPOCH as build-arg or global ARG, when given.
  std::optional<std::int64_t> epoch;
  // Of every RUN; "" is the sandbox's own.
  std::string hostname = {};
};

// A stage while it is lowered: the one place where both languages' instructions become ops, so that
// two sources that say the same thing give the same digests. A value: copying it forks the chain
// (FROM a stage, an Image used twice).
class StageBuilder {
 public:
  // Asked for only when there is something to advise about: it may search a whole file.
  using Advice = std::function<std::string()>;

  // An image by reference. As the Base of a stage it must have no ONBUILD triggers: they run at
  // FROM, and only there. Of a CopySource they say nothing.
  struct ImageArgs {
    std::string ref;
    enum class Use { Base, CopySource } use = Use::Base;
    // Gives the note of a base that does not resolve, unless that is empty.
    Advice advice;
  };
  // Reports BaseNotResolved at `loc` when the resolver fails, and BaseWithTriggers. The optional is
  // empty then; a failure other than NotFound and Input is the error too.
  static Result<std::optional<StageBuilder>> from_image(LoweringContext& context,
                                                        const ImageArgs& args, Loc loc);
  // The same for a stage's base, which may also be a named context.
  static Result<std::optional<StageBuilder>> from_base(LoweringContext& context,
                                                       const std::string& ref, Loc loc,
                                                       const Advice& advice = {});
  // The files of a named context over scratch. The optional is empty after a reported error.
  static Result<std::optional<StageBuilder>> from_context(LoweringContext& context,
                                                          const std::string& name, Loc loc);
  // `epoch`: the design's rule for scratch (the latest epoch of the stages that it copies from,
  // else 315532800), unless the context's is set.
  static StageBuilder from_scratch(LoweringContext& context, std::int64_t epoch, Loc loc);

  // One source of copy().
  struct Source {
    enum class From { Local, Inline, Root } from = From::Local;
    // Local: relative to the context, wildcards allowed. Root: absolute path in `root`, wildcards
    // allowed. Inline: the file's name.
    std::string path;
    ir::OpId root;             // Root
    std::string content;       // Inline
    std::string context;       // Local: name of the context, "" the main one
    ir::SharedStrings ignore;  // Local: patterns in force
    Loc loc;
  };
  struct CopyArgs {
    std::vector<Source> sources;
    std::string dest;   // as written: relative to the workdir, trailing `/` significant
    std::string owner;  // as in --chown, "" none
    std::string mode;   // as in --chmod, octal digits, "" none
    enum class Archives { Keep, Unpack } archives = Archives::Keep;
  };
  // Reports MissingCopySource, SourceOutsideContext or BadSourcePattern at the source's location.
  Result<void> copy(const CopyArgs& args, Loc loc);

  struct RunArgs {
    // Shell form: `command` is appended to the shell in force; else `args` are the process's.
    std::optional<std::string> command;
    ir::Strings args;
    // The whole environment: env(), with what the step alone sees over it.
    ir::Environment env;
    std::string network;
    ir::Mounts mounts;
  };
  void run(const RunArgs& args, Loc loc);

  // Config changes, each one config op. workdir() resolves against the one in force and adds a
  // mkdir op.
  void workdir(const std::string& path, Loc loc);
  void change(const ir::Config& change, Loc loc);
  // ENTRYPOINT as Dockerfiles mean it: an inherited CMD goes unless this stage set one.
  void entrypoint(const ir::Strings& args, Loc loc);
  void cmd(const ir::Strings& args, Loc loc);

  [[nodiscard]] ir::OpId root() const { return root_; }
  [[nodiscard]] ir::OpId config_op() const { return config_op_; }
  // The shell in force, {"/bin/sh","-c"} by default.
  [[nodiscard]] ir::Strings shell() const;
  [[nodiscard]] std::int64_t epoch() const { return epoch_; }
  // For a stage built FROM this one: what was set in the parent stage no longer counts as "set in
  // this stage" (CMD rule).
  void begin_child_stage() { cmd_set_here_ = false; }

  // The environment of the config in force, as far as it is known, as RUNs see it: a config that is
  // known to set no PATH has default_path().
  [[nodiscard]] const ir::Environment& env() const { return env_; }
  // `path` as an absolute clean path, relative ones against the workdir in force.
  [[nodiscard]] std::string absolute(std::string_view path) const;

 private:
  explicit StageBuilder(LoweringContext& context) : context_(&context) {}

  void begin_config(const ir::ImageConfig& config);
  // What became of one source of a copy.
  struct LoweredSource {
    // NoMatch: a wildcard that selects nothing, with `why`. Wrong: reported.
    enum class State { Good, NoMatch, Wrong } state = State::Wrong;
    ir::CopySource source;
    // How many files it is known to be.
    std::size_t files = 1;
    std::string why;
  };
  Result<LoweredSource> copy_source(const Source& source);
  Result<LoweredSource> local_source(const Source& source);
  static LoweredSource whole_tree(std::optional<ir::OpId> tree, Loc loc, std::size_t files);
  // Reports a path that is too long for the kernel.
  [[nodiscard]] bool check_length(std::string_view path, Loc loc) const;
  // Appends the op; nullopt, and a report, when the budget does not hold it.
  std::optional<ir::OpId> add(ir::OpData op, Loc loc);

  // Never null; not a reference, so that a builder can be assigned.
  LoweringContext* context_;
  ir::OpId root_;
  ir::OpId config_op_;
  // What later instructions need of the config in force: all of it would be copied for each stage
  // and image that begins here.
  ir::Environment env_;
  std::string workdir_ = "/";
  std::string user_;
  ir::SharedStrings shell_;
  bool has_cmd_ = false;
  std::int64_t epoch_ = 0;
  // The base's config is known: the resolver bound it, or it is scratch.
  bool base_known_ = false;
  bool cmd_set_here_ = false;
};

// PATH where nothing sets it.
[[nodiscard]] const std::string& default_path();

}  // namespace strata::frontend
