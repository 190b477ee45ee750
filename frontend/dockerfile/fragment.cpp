// Dockerfile instructions inside another language.
#include "frontend/dockerfile/fragment.h"

#include <utility>

#include "frontend/dockerfile/parse.h"
#include "frontend/dockerfile/stage_lowering.h"
#include "frontend/dockerfile/stages.h"

namespace strata::frontend::dockerfile {
namespace {

constexpr DiagnosticDef<std::string> kUnknownStage{Kind::UnknownStage,
                                                   "there is no stage number `{}` here"};
constexpr DiagnosticDef<> kVariableInFrom{Kind::VariableInFrom,
                                          "`--from` takes no variables or quotes"};

// No stages, no build arguments: images only.
class FragmentSurroundings final : public Surroundings {
 public:
  FragmentSurroundings(LoweringContext& context, const ir::SharedStrings& ignore)
      : context_(&context), ignore_(&ignore) {}

  Result<std::optional<CopyOrigin>> origin_of(const Word& from) override {
    if (from.text.find_first_of("$\"'") != std::string::npos) {
      context_->emitter.emit(from.loc, kVariableInFrom);
      return std::optional<CopyOrigin>();
    }
    if (stage_number(from.text)) {
      context_->emitter.emit(from.loc, kUnknownStage, from.text);
      return std::optional<CopyOrigin>();
    }
    if (auto named = context_->contexts.find(from.text)) {
      return std::optional<CopyOrigin>({{}, *std::move(named)});
    }
    STRATA_ASSIGN(
        const auto image,
        StageBuilder::from_image(
            *context_, {from.text, StageBuilder::ImageArgs::Use::CopySource, {}}, from.loc));
    return image ? std::optional<CopyOrigin>({image->root(), {}}) : std::nullopt;
  }
  Result<std::optional<ir::SharedStrings>> ignore() override {
    return std::optional<ir::SharedStrings>(*ignore_);
  }
  [[nodiscard]] const std::string* build_arg(std::string_view /*name*/) const override {
    return nullptr;
  }
  [[nodiscard]] const std::string* global_arg(std::string_view /*name*/) const override {
    return nullptr;
  }

 private:
  LoweringContext* context_;
  const ir::SharedStrings* ignore_;
};

}  // namespace

Result<bool> lower_fragment(FileId file, const SourceMap& sources, LoweringContext& context,
                            const ir::SharedStrings& ignore, StageBuilder& stage) {
  const std::size_t errors = context.emitter.error_count();
  const Ast ast = parse(file, ParseScope::Fragment, sources, context.emitter);
  if (context.emitter.error_count() != errors) {
    return false;
  }
  FragmentSurroundings surroundings(context, ignore);
  StageLowering lowering(context, stage, ast.escape, surroundings);
  for (const Instruction& instruction : ast.instructions) {
    STRATA_TRY(lowering.lower(instruction));
    if (context.budget.exhausted()) {
      break;
    }
  }
  if (context.emitter.error_count() != errors) {
    return false;
  }
  stage = lowering.stage();
  return true;
}

}  // namespace strata::frontend::dockerfile
