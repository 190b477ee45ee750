// The few instructions that `strata import --change` takes; lowered by the Dockerfile frontend, so
// that they mean the same.
#include "driver/import_changes.h"

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
  frontend::LoweringContext context{builder,  resolver,      emitter,
                                    contexts, "linux/amd64", std::nullopt};
  auto stage = frontend::StageBuilder::from_scratch(context, 0, {});
  ir::Config merged;
  if (changes.empty()) {
    return merged;
  }
  STRATA_ASSIGN(const bool good,
                frontend::dockerfile::lower_fragment(file, sources, context, {}, stage));
  if (!good) {
    return Error{ErrorCode::Input,
                 consumer.diagnostics().empty()
                     ? std::string("--change: not understood")
                     : render_text(consumer.diagnostics().front(), sources, Color::Never)};
  }
  const ir::ImageConfig& config = stage.config();
  merged.env = config.env;
  merged.labels = config.labels;
  merged.cmd = config.cmd;
  merged.entrypoint = config.entrypoint;
  merged.shell = config.shell;
  merged.ports = config.ports;
  merged.volumes = config.volumes;
  merged.healthcheck = config.healthcheck;
  if (!config.user.empty()) {
    merged.user = config.user;
  }
  if (!config.workdir.empty()) {
    merged.workdir = config.workdir;
  }
  if (!config.stop_signal.empty()) {
    merged.stop_signal = config.stop_signal;
  }
  return merged;
}

}  // namespace strata::driver
