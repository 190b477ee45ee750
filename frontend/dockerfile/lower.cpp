// A whole Dockerfile to a module: which stages are needed, in which order, on which base.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "frontend/dockerfile/checks.h"
#include "frontend/dockerfile/dockerfile.h"
#include "frontend/dockerfile/global_args.h"
#include "frontend/dockerfile/ignore_file.h"
#include "frontend/dockerfile/parse.h"
#include "frontend/dockerfile/stage_lowering.h"
#include "frontend/dockerfile/stages.h"
#include "frontend/named_contexts.h"
#include "frontend/sandbox_hostname.h"
#include "ir/base/consumer.h"
#include "ir/base/text.h"
#include "ir/reference.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kBlankBase{Kind::BlankName, "base image `{}` is blank"};
constexpr DiagnosticDef<std::string> kBadPlatform{Kind::BadPlatform,
                                                  "platform `{}` is not of the form `os/arch`"};
constexpr DiagnosticDef<std::string> kUnknownStage{Kind::UnknownStage,
                                                   "the file has no stage number `{}`"};
constexpr DiagnosticDef<std::string> kStageNotYet{
    Kind::StageNotDefinedYet, "stage `{}` is not complete where it is copied from"};
constexpr DiagnosticDef<> kVariableInFrom{Kind::VariableInFrom,
                                          "`--from` takes no variables or quotes"};

constexpr DiagnosticDef<std::string> kParamOfDockerfile{Kind::UnknownName,
                                                        "a Dockerfile declares no parameter `{}`"};
constexpr DiagnosticDef<std::size_t> kSeveralTargets{
    Kind::UnknownTarget, "{} targets are asked for, and a Dockerfile is built for one"};

class FileLowering final : public Surroundings {
 public:
  FileLowering(const Ast& ast, const Stages& stages, const GlobalArgs& args,
               const LowerRequest& request, SourceMap& sources, ir::SourceLoader& loader,
               ir::SourceResolver& resolver, Budget& budget, Emitter& emitter)
      : ast_(&ast),
        stages_(&stages),
        args_(&args),
        request_(&request),
        sources_(&sources),
        loader_(&loader),
        resolver_(&resolver),
        budget_(&budget),
        emitter_(&emitter),
        builder_(module_),
        named_(request.contexts, sources, loader, emitter),
        epoch_(args.epoch(emitter)),
        hostname_(sandbox_hostname(request, emitter)),
        lowered_(stages.all().size()) {}

  Result<ir::Module> lower(std::size_t target);

  Result<std::optional<CopyOrigin>> origin_of(const Word& from) override;
  Result<std::optional<ir::SharedStrings>> ignore() override;
  [[nodiscard]] const std::string* build_arg(std::string_view name) const override {
    return args_->build_arg(name);
  }
  [[nodiscard]] const std::string* global_arg(std::string_view name) const override {
    return args_->value(name);
  }

 private:
  // What FROM says, its variables expanded.
  struct Base {
    std::string image;
    std::string platform;
    std::optional<std::size_t> stage;
    // The named context that is in the stage's place; then the other members say nothing.
    std::optional<std::string> context;
  };

  // The named context that stands in the stage's place.
  [[nodiscard]] std::optional<std::string> replacement(const StageText& stage) {
    return stage.name.empty() ? std::nullopt : named_.find(stage.name);
  }
  // What is wrong goes to `emitter`.
  [[nodiscard]] std::optional<Base> base_of(const StageText& stage, Emitter& emitter);
  [[nodiscard]] std::vector<std::size_t> needed(std::size_t target);
  Result<void> lower_stage(const StageText& stage);
  Result<std::optional<StageBuilder>> begin(const StageText& stage, const Base& base);
  Result<std::int64_t> scratch_epoch(const StageText& stage);
  Result<const StageBuilder*> copied_image(const Word& from);
  void report_unused_contexts();
  [[nodiscard]] StageBuilder::Advice advice(std::string name) const;
  LoweringContext& context_for(const std::string& platform);
  [[nodiscard]] std::string target_platform() const { return frontend::target_platform(*request_); }
  [[nodiscard]] std::string image_platform(ir::OpId root) const;

  const Ast* ast_;
  const Stages* stages_;
  const GlobalArgs* args_;
  const LowerRequest* request_;
  SourceMap* sources_;
  ir::SourceLoader* loader_;
  ir::SourceResolver* resolver_;
  Budget* budget_;
  Emitter* emitter_;
  ir::Module module_;
  ir::Builder builder_;
  NamedContexts named_;
  std::optional<std::int64_t> epoch_;
  std::string hostname_;
  // By stage; null where a stage is not needed or failed.
  std::vector<std::unique_ptr<StageLowering>> lowered_;
  // By stage; what FROM says of the needed ones.
  std::map<std::size_t, Base> bases_;
  std::map<std::string, std::unique_ptr<LoweringContext>> contexts_;
  // Images that COPY --from names, by their spelling; nullopt after a reported error.
  std::map<std::string, std::optional<StageBuilder>> images_;
  std::optional<std::optional<ir::SharedStrings>> ignore_;
  std::size_t current_ = 0;
};

LoweringContext& FileLowering::context_for(const std::string& platform) {
  auto& context = contexts_[platform];
  if (!context) {
    context = std::make_unique<LoweringContext>(LoweringContext{
        builder_, *resolver_, *emitter_, named_, *budget_, platform, epoch_, hostname_});
  }
  return *context;
}

StageBuilder::Advice FileLowering::advice(std::string name) const {
  return [this, name = std::move(name)] {
    const auto best = stages_->similar(name);
    return best ? "did you mean the stage `" + *best + "`?" : std::string();
  };
}

std::optional<FileLowering::Base> FileLowering::base_of(const StageText& stage, Emitter& emitter) {
  const auto lookup = [this](std::string_view name) { return args_->value(name); };
  const Word& image = stage.from->args[0];
  Base base;
  base.platform = target_platform();
  base.context = replacement(stage);
  if (base.context) {
    return base;
  }
  const ExpandOptions options{.escape = ast_->escape, .budget = budget_};
  auto name = expand_word(image, options, lookup, emitter);
  if (const Flag* flag = stage.from->flag("platform"); flag != nullptr && flag->value) {
    const auto text = expand_word(*flag->value, options, lookup, emitter);
    if (!text) {
      return std::nullopt;
    }
    const auto platform = ir::normalize_platform(*text);
    if (!platform) {
      emitter.emit(flag->value->loc, kBadPlatform, *text);
      return std::nullopt;
    }
    base.platform = *platform;
  }
  if (!name) {
    return std::nullopt;
  }
  if (name->empty()) {
    emitter.emit(image.loc, kBlankBase, image.text)
        .note("only an `ARG` before the first `FROM` can be used here");
    return std::nullopt;
  }
  base.image = std::move(*name);
  base.stage = stages_->base(base.image, stage.index);
  return base;
}

// The stages that `target` reaches, in the order of the file; references go backwards only.
std::vector<std::size_t> FileLowering::needed(std::size_t target) {
  std::vector<bool> marked(stages_->all().size(), false);
  marked[target] = true;
  for (std::size_t i = target + 1; i-- > 0;) {
    if (!marked[i]) {
      continue;
    }
    const StageText& stage = stages_->all()[i];
    auto base = base_of(stage, *emitter_);
    const bool replaced = base && base->context;
    if (base) {
      if (base->stage) {
        marked[*base->stage] = true;
      }
      bases_.emplace(i, std::move(*base));
    }
    if (replaced) {
      continue;
    }
    for (const Instruction* instruction : stage.body) {
      const Flag* from = instruction->flag("from");
      const auto source = from != nullptr && from->value ? stages_->find(from->value->text)
                                                         : std::optional<std::size_t>();
      if (source && *source < i && !replacement(stages_->all()[*source])) {
        marked[*source] = true;
      }
    }
  }
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < marked.size(); ++i) {
    if (marked[i]) {
      result.push_back(i);
    }
  }
  return result;
}

Result<std::optional<ir::SharedStrings>> FileLowering::ignore() {
  if (!ignore_) {
    STRATA_ASSIGN(ignore_, load_ignore({.context = {}, .file_name = request_->file_name}, *sources_,
                                       *loader_, *emitter_));
  }
  return *ignore_;
}

Result<const StageBuilder*> FileLowering::copied_image(const Word& from) {
  auto found = images_.find(from.text);
  if (found == images_.end()) {
    STRATA_ASSIGN(
        auto image,
        StageBuilder::from_image(
            context_for(target_platform()),
            {from.text, StageBuilder::ImageArgs::Use::CopySource, advice(from.text)}, from.loc));
    found = images_.emplace(from.text, std::move(image)).first;
  }
  return found->second ? &*found->second : nullptr;
}

Result<std::optional<CopyOrigin>> FileLowering::origin_of(const Word& from) {
  if (from.text.find_first_of("$\"'") != std::string::npos) {
    emitter_->emit(from.loc, kVariableInFrom)
        .note("name a stage `FROM ${…} AS name`, and copy from that");
    return std::optional<CopyOrigin>();
  }
  if (const auto stage = stages_->find(from.text)) {
    if (*stage >= current_) {
      emitter_->emit(from.loc, kStageNotYet, from.text)
          .label(stages_->all()[*stage].from->loc, "the stage begins here");
      return std::optional<CopyOrigin>();
    }
    if (auto named = replacement(stages_->all()[*stage])) {
      return std::optional<CopyOrigin>({{}, *std::move(named)});
    }
    const auto& lowered = lowered_[*stage];
    return lowered ? std::optional<CopyOrigin>({lowered->stage().root(), {}}) : std::nullopt;
  }
  if (stage_number(from.text)) {
    emitter_->emit(from.loc, kUnknownStage, from.text)
        .note("it has " + std::to_string(stages_->all().size()) + ", counted from 0");
    return std::optional<CopyOrigin>();
  }
  if (auto named = named_.find(from.text)) {
    return std::optional<CopyOrigin>({{}, *std::move(named)});
  }
  STRATA_ASSIGN(const StageBuilder* image, copied_image(from));
  return image != nullptr ? std::optional<CopyOrigin>({image->root(), {}}) : std::nullopt;
}

// The latest epoch of the stages and images that the stage copies from.
Result<std::int64_t> FileLowering::scratch_epoch(const StageText& stage) {
  std::int64_t epoch = 0;
  for (const Instruction* instruction : stage.body) {
    const Flag* from = instruction->flag("from");
    if (from == nullptr || !from->value) {
      continue;
    }
    const std::string& name = from->value->text;
    if (const auto source = stages_->find(name)) {
      if (*source < stage.index && lowered_[*source]) {
        epoch = std::max(epoch, lowered_[*source]->stage().epoch());
      }
    } else if (name.find_first_of("$\"'") == std::string::npos && !stage_number(name) &&
               !named_.find(name)) {
      STRATA_ASSIGN(const StageBuilder* image, copied_image(*from->value));
      epoch = std::max(epoch, image != nullptr ? image->epoch() : 0);
    }
  }
  return epoch;
}

Result<std::optional<StageBuilder>> FileLowering::begin(const StageText& stage, const Base& base) {
  const Loc loc = stage.from->args[0].loc;
  if (base.context) {
    return StageBuilder::from_context(context_for(base.platform), *base.context, loc);
  }
  if (base.stage) {
    if (!lowered_[*base.stage]) {
      return std::optional<StageBuilder>();
    }
    StageBuilder child = lowered_[*base.stage]->stage();
    child.begin_child_stage();
    return std::optional<StageBuilder>(std::move(child));
  }
  LoweringContext& context = context_for(base.platform);
  if (base.image == "scratch") {
    STRATA_ASSIGN(const std::int64_t epoch, scratch_epoch(stage));
    return std::optional<StageBuilder>(StageBuilder::from_scratch(context, epoch, stage.from->loc));
  }
  const auto number = stage_number(base.image);
  StageBuilder::Advice advice_of = advice(base.image);
  if (number && *number < stages_->all().size()) {
    advice_of = [] { return std::string("`FROM` takes stages by name, not by number"); };
  }
  return StageBuilder::from_base(context, base.image, loc, advice_of);
}

Result<void> FileLowering::lower_stage(const StageText& stage) {
  const auto base = bases_.find(stage.index);
  if (base == bases_.end()) {
    return {};
  }
  current_ = stage.index;
  STRATA_ASSIGN(auto first, begin(stage, base->second));
  if (!first) {
    return {};
  }
  auto lowering = std::make_unique<StageLowering>(context_for(base->second.platform),
                                                  std::move(*first), ast_->escape, *this);
  if (base->second.stage) {
    lowering->inherit_variables(*lowered_[*base->second.stage]);
  }
  if (!base->second.context) {
    for (const Instruction* instruction : stage.body) {
      STRATA_TRY(lowering->lower(*instruction));
      if (budget_->exhausted()) {
        break;
      }
    }
  }
  lowered_[stage.index] = std::move(lowering);
  return {};
}

// What was asked for, on whatever base; else the base's.
std::string FileLowering::image_platform(ir::OpId root) const {
  if (!request_->platform.empty()) {
    return request_->platform;
  }
  const ir::OpData& bottom = module_.op(ir::root_chain(module_, root).front()).data;
  const auto* image = std::get_if<ir::Image>(&bottom);
  return image != nullptr ? image->platform : std::get<ir::Scratch>(bottom).platform;
}

// What a stage that is not needed names counts too: another target may need it.
void FileLowering::report_unused_contexts() {
  CollectingConsumer silent;
  Emitter emitter(silent);
  for (const StageText& stage : stages_->all()) {
    if (const auto base = base_of(stage, emitter); base && !base->context && !base->stage) {
      (void)named_.find(base->image);
    }
    for (const Instruction* instruction : stage.body) {
      const Flag* from = instruction->flag("from");
      if (from != nullptr && from->value && !stages_->find(from->value->text)) {
        (void)named_.find(from->value->text);
      }
    }
  }
  named_.report_unused();
}

Result<ir::Module> FileLowering::lower(std::size_t target) {
  report_unused_contexts();
  for (const std::size_t index : needed(target)) {
    const StageText& stage = stages_->all()[index];
    STRATA_TRY(lower_stage(stage));
    const auto& lowered = lowered_[index];
    if (!lowered) {
      continue;
    }
    const ir::StageId id = builder_.add_stage(stages_->unique_name(index), lowered->stage().root(),
                                              lowered->stage().config_op(), stage.from->loc);
    if (index == target) {
      const std::string& asked = request_->targets.empty() ? "" : request_->targets[0];
      builder_.add_target({.name = asked.empty() ? stages_->unique_name(index) : asked,
                           .stage = id,
                           .platform = image_platform(lowered->stage().root()),
                           .run_mounts = {},
                           .loc = stage.from->loc});
    }
  }
  return std::move(module_);
}

// The whole of it but for what `# check=` says of the warnings.
Result<std::optional<ir::Module>> lower_ast(const Ast& ast, const LowerRequest& request,
                                            SourceMap& sources, ir::SourceLoader& loader,
                                            ir::SourceResolver& resolver, Emitter& emitter) {
  if (emitter.error_count() != 0) {
    return std::optional<ir::Module>();
  }
  for (const auto& [name, value] : request.params) {
    emitter.emit({}, kParamOfDockerfile, name).note("a Dockerfile takes `--build-arg`");
  }
  if (request.targets.size() > 1) {
    emitter.emit({}, kSeveralTargets, request.targets.size());
  }
  const Stages stages(ast);
  const auto target =
      stages.target(request.targets.empty() ? std::string() : request.targets[0], emitter);
  if (!target) {
    return std::optional<ir::Module>();
  }
  const std::string& name = stages.all()[*target].name;
  Budget budget(sources.file(request.file).text().size());
  const GlobalArgs args(ast, request, name.empty() ? "default" : name, budget, emitter);
  check_build_args(ast, request, emitter);
  FileLowering lowering(ast, stages, args, request, sources, loader, resolver, budget, emitter);
  STRATA_ASSIGN(auto module, lowering.lower(*target));
  return std::optional<ir::Module>(std::move(module));
}

}  // namespace

Result<std::optional<ir::Module>> lower(const LowerRequest& request, SourceMap& sources,
                                        ir::SourceLoader& loader, ir::SourceResolver& resolver,
                                        Emitter& emitter) {
  const std::size_t errors = emitter.error_count();
  CollectingConsumer found;
  Emitter collecting(found);
  const Ast ast = parse(request.file, ParseScope::File, sources, collecting);
  auto module = lower_ast(ast, request, sources, loader, resolver, collecting);
  report_with_checks(found.diagnostics(), ast, request, emitter);
  if (module && emitter.error_count() != errors) {
    return std::optional<ir::Module>();
  }
  return module;
}

}  // namespace strata::frontend::dockerfile
