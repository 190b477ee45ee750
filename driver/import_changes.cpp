// The few instructions that `strata import --change` takes; lowered by the Dockerfile frontend, so
// that they mean the same.
#include "driver/import_changes.h"

#include "driver/compilation.h"
#include "frontend/dockerfile/fragment.h"
#include "frontend/stage_builder.h"
#include "ir/base/consumer.h"
#include "ir/base/render.h"

namespace strata::driver {

Result<ir::Config> parse_changes(const std::vector<std::string>& changes) {
  std::string text;
  for (const std::string& change : changes) {
    text += change + "\n";
  }
  SourceMap sources;
  const FileId file = sources.add("--change", text);
  CollectingConsumer consumer;
  Emitter emitter(consumer);
  ir::Module module;
  ir::Builder builder(module);
  ir::UnboundResolver resolver;
  ir::UnboundLoader loader;
  frontend::NamedContexts contexts({}, sources, loader, emitter);
  frontend::Budget budget(text.size());
  frontend::LoweringContext context{builder, resolver,      emitter,     contexts,
                                    budget,  "linux/amd64", std::nullopt};
  auto stage = frontend::StageBuilder::from_scratch(context, 0, {});
  if (changes.empty()) {
    return ir::Config();
  }
  STRATA_ASSIGN(bool good, frontend::dockerfile::lower_fragment(file, sources, context, {}, stage));
  if (good) {
    // In the form that a build gives it: one config, single ports.
    builder.add_target({.name = "import",
                        .stage = builder.add_stage("import", stage.root(), stage.config_op(), {}),
                        .platform = context.platform,
                        .run_mounts = {},
                        .loc = {}});
    good = optimize(module, emitter);
  }
  if (!good) {
    return Error{ErrorCode::Input,
                 consumer.diagnostics().empty()
                     ? std::string("--change: not understood")
                     : render_text(consumer.diagnostics().front(), sources, Color::Never)};
  }
  const auto* change = std::get_if<ir::Config>(&module.op(module.stages.front().config).data);
  ir::Config merged = change == nullptr ? ir::Config() : *change;
  merged.base = {};
  return merged;
}

}  // namespace strata::driver
