// The spec frontend's lower(): parse, evaluate, then lower the images that are asked for.
#include <algorithm>
#include <optional>
#include <utility>

#include "frontend/sandbox_hostname.h"
#include "frontend/source_date_epoch.h"
#include "frontend/spec/evaluate.h"
#include "frontend/spec/lower_images.h"
#include "frontend/spec/parse.h"
#include "frontend/spec/spec.h"
#include "ir/base/text.h"

namespace strata::frontend::spec {
namespace {

constexpr DiagnosticDef<> kNoImage{Kind::NoImage, "the file declares no image"};
constexpr DiagnosticDef<std::string> kUnknownTarget{Kind::UnknownTarget,
                                                    "the file declares no image `{}`"};
constexpr DiagnosticDef<std::string> kUnknownParam{Kind::UnknownName,
                                                   "the file declares no parameter `{}`"};
constexpr DiagnosticDef<std::string> kBuildArgOfSpec{Kind::UnusedBuildArg,
                                                     "build argument `{}` has no effect here"};

// The exports that are asked for, in the order of the file.
std::vector<Export> select(const std::vector<Export>& exports, const LowerRequest& request,
                           Emitter& emitter) {
  if (request.targets.empty()) {
    return exports;
  }
  std::vector<std::string> names;
  names.reserve(exports.size());
  for (const Export& target : exports) {
    names.push_back(target.name);
  }
  for (const std::string& wanted : request.targets) {
    if (std::find(names.begin(), names.end(), wanted) != names.end()) {
      continue;
    }
    auto pending = emitter.emit(Loc{}, kUnknownTarget, wanted);
    if (const auto best = nearest(wanted, names)) {
      pending.note("did you mean `" + *best + "`?");
    } else {
      std::string all;
      for (const std::string& name : names) {
        all += (all.empty() ? "`" : ", `") + name + "`";
      }
      pending.note("it declares " + all);
    }
  }
  std::vector<Export> selected;
  for (const Export& target : exports) {
    const auto& wanted = request.targets;
    if (std::find(wanted.begin(), wanted.end(), target.name) != wanted.end()) {
      selected.push_back(target);
    }
  }
  return selected;
}

// SOURCE_DATE_EPOCH is the one build argument that a spec file knows.
std::optional<std::int64_t> epoch_of(const LowerRequest& request, Emitter& emitter) {
  std::optional<std::int64_t> epoch;
  for (const auto& [name, value] : request.build_args) {
    if (name == "SOURCE_DATE_EPOCH") {
      epoch = parse_source_date_epoch(value, {}, emitter);
    } else if (!needs_no_declaration(name)) {
      emitter.emit({}, kBuildArgOfSpec, name).note("a spec file takes parameters: `--param`");
    }
  }
  return epoch;
}

}  // namespace

Result<std::optional<ir::Module>> lower(const LowerRequest& request, SourceMap& sources,
                                        ir::SourceLoader& loader, ir::SourceResolver& resolver,
                                        Emitter& emitter) {
  const std::size_t errors = emitter.error_count();
  const File file = parse(request.file, sources, emitter);
  Budget budget(sources.file(request.file).text().size());
  const Evaluation evaluation = evaluate(file, sources, budget, emitter);
  for (const auto& [name, value] : request.params) {
    emitter.emit(Loc{}, kUnknownParam, name);
  }
  const std::optional<std::int64_t> epoch = epoch_of(request, emitter);
  const std::string hostname = sandbox_hostname(request, emitter);
  if (emitter.error_count() == errors && evaluation.exports.empty()) {
    emitter.emit({request.file, 0, 0}, kNoImage)
        .note("as in `image \"app\" = Image.debian_slim()`, or a plain `app = …`");
  }
  if (emitter.error_count() != errors) {
    return std::optional<ir::Module>();
  }
  const std::vector<Export> selected = select(evaluation.exports, request, emitter);
  if (emitter.error_count() != errors) {
    return std::optional<ir::Module>();
  }
  ir::Module module;
  ir::Builder builder(module);
  NamedContexts contexts(request.contexts, sources, loader, emitter);
  LoweringContext context{.builder = builder,
                          .resolver = resolver,
                          .emitter = emitter,
                          .contexts = contexts,
                          .budget = budget,
                          .platform = target_platform(request),
                          .epoch = epoch,
                          .hostname = hostname};
  ContextIgnore ignore(request.file_name, sources, loader, emitter);
  ImageLowering lowering(evaluation.graph, context, sources, ignore);
  STRATA_TRY(lowering.add_targets(selected));
  if (selected.size() == evaluation.exports.size()) {
    // Else an image that was not asked for may use it.
    contexts.report_unused();
  }
  if (emitter.error_count() != errors) {
    return std::optional<ir::Module>();
  }
  return std::optional<ir::Module>(std::move(module));
}

}  // namespace strata::frontend::spec
