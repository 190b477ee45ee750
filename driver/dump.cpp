// strata dump and strata opt: the compiler's insides, without context or network.
#include <fmt/format.h>

#include "driver/commands.h"
#include "driver/compilation.h"
#include "driver/console.h"
#include "frontend/frontend.h"
#include "ir/base/path.h"
#include "ir/parser.h"
#include "ir/printer.h"
#include "ir/reference.h"
#include "ir/verifier.h"
#include "passes/pass_manager.h"

namespace strata::driver {
namespace {

std::optional<ir::Module> lower(const DumpOptions& options, FileId file,
                                frontend::Language language, SourceMap& sources, Emitter& emitter) {
  ir::UnboundLoader texts;
  ir::UnboundResolver resolver;
  frontend::LowerRequest request;
  request.file = file;
  request.language = language;
  request.file_name = base_name(options.file);
  auto module = frontend::lower(request, sources, texts, resolver, emitter);
  if (!module || !*module) {
    return std::nullopt;
  }
  if ((options.optimized || options.what == "plan") && !optimize(**module, emitter)) {
    return std::nullopt;
  }
  return **std::move(module);
}

std::string plan_of(const ir::Module& module) {
  std::string text;
  for (const ir::Target& target : module.targets) {
    const ir::Stage& stage = module.stage(target.stage);
    text += fmt::format("target {} {}\n", target.name, target.platform);
    for (const ir::OpId id : ir::root_chain(module, stage.root)) {
      text += fmt::format("  %{} {}\n", id.index, ir::describe(module, id, ir::DescribeFor::Plan));
    }
  }
  return text;
}

}  // namespace

ExitCode run_dump(const DumpOptions& options) {
  auto text = read_text(options.file);
  if (!text) {
    return report(text.error());
  }
  SourceMap sources;
  const FileId file = sources.add(options.file, *std::move(text));
  const frontend::Language language = frontend::language_of(base_name(options.file));
  Diagnostics diagnostics(sources, MessageFormat::Text);
  std::optional<std::string> output;
  if (options.what == "ast") {
    output = frontend::dump_ast(file, language,
                                options.format == OutputFormat::Json ? frontend::AstFormat::Json
                                                                     : frontend::AstFormat::Text,
                                sources, diagnostics.emitter());
  } else if (auto module = lower(options, file, language, sources, diagnostics.emitter())) {
    output = options.what == "plan" ? plan_of(*module)
                                    : ir::print(*module, {options.locations ? &sources : nullptr});
  }
  diagnostics.print();
  if (!output) {
    return ExitCode::Input;
  }
  answer("{}{}", *output, output->ends_with('\n') ? "" : "\n");
  return ExitCode::Done;
}

ExitCode run_opt(const OptOptions& options) {
  if (options.list) {
    for (const passes::PassInfo& pass : passes::all_passes()) {
      answer("{:<14} {}\n", pass.name, pass.help);
    }
    return ExitCode::Done;
  }
  if (options.file.empty()) {
    return report(
        {ErrorCode::Input, "strata opt needs a file of IR text (`-` for standard input)"});
  }
  auto text = read_text(options.file);
  if (!text) {
    return report(text.error());
  }
  SourceMap sources;
  const FileId file = sources.add(options.file, *std::move(text));
  Diagnostics diagnostics(sources, MessageFormat::Text);
  std::string log;
  auto module = ir::parse(file, sources, diagnostics.emitter());
  bool good = module.has_value() && ir::verify(*module, diagnostics.emitter());
  if (good) {
    passes::PassOptions pass_options{options.verify_each, options.print_changed,
                                     options.time_passes, options.print_after, &log};
    good = passes::run_passes(*module,
                              options.passes.empty() ? passes::default_pipeline() : options.passes,
                              pass_options, diagnostics.emitter());
  }
  remark(std::string_view(log));
  diagnostics.print();
  if (!good) {
    return ExitCode::Input;
  }
  answer("{}", ir::print(*module));
  return ExitCode::Done;
}

}  // namespace strata::driver
