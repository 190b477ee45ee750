// The image graph → ops, through the StageBuilder that both languages share.
#include "frontend/spec/lower_images.h"

#include <utility>

#include "frontend/dockerfile/fragment.h"
#include "ir/base/path.h"

namespace strata::frontend::spec {
namespace {

// Not a location of the file's own: it names where the text came from.
std::string fragment_name(const SourceMap& sources, Loc loc) {
  const SourceFile& file = sources.file(loc.file);
  const LineColumn at = file.line_column(loc.begin);
  return file.name() + "@" + std::to_string(at.line) + "." + std::to_string(at.column) +
         ".dockerfile";
}

}  // namespace

ImageLowering::ImageLowering(const ImageGraph& graph, LoweringContext& context, SourceMap& sources,
                             ContextIgnore& ignore)
    : graph_(&graph), context_(&context), sources_(&sources), ignore_(&ignore) {
  uses_.resize(graph.nodes.size());
  for (const ImageNode& node : graph.nodes) {
    if (node.parent.valid()) {
      ++uses_[node.parent.index];
    }
  }
}

Result<void> ImageLowering::add_targets(const std::vector<Export>& targets) {
  for (const Export& target : targets) {
    ++uses_[target.image.index];
  }
  for (const Export& target : targets) {
    STRATA_ASSIGN(const auto lowered, image(target.image));
    if (!lowered) {
      continue;
    }
    const ir::StageId stage = context_->builder.add_stage(target.name, lowered->stage.root(),
                                                          lowered->stage.config_op(), target.loc);
    context_->builder.add_target({.name = target.name,
                                  .stage = stage,
                                  .platform = context_->platform,
                                  .run_mounts = lowered->mounts,
                                  .loc = target.loc});
  }
  return {};
}

Result<std::optional<ImageLowering::Lowered>> ImageLowering::image(ImageId id) {
  // Down to what is lowered already or begins the chain, then up again: chains are long.
  std::vector<ImageId> chain;
  std::optional<Lowered> lowered;
  for (ImageId at = id; at.valid(); at = graph_->node(at).parent) {
    if (const auto found = shared_.find(at); found != shared_.end()) {
      lowered = found->second;
      break;
    }
    chain.push_back(at);
  }
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    const ImageNode& node = graph_->node(*at);
    if (!lowered) {
      STRATA_ASSIGN(lowered, base(node));
      if (!lowered) {
        return std::optional<Lowered>();
      }
    } else {
      STRATA_ASSIGN(const bool good, apply(node, *lowered));
      if (!good) {
        return std::optional<Lowered>();
      }
    }
    if (context_->budget.exhausted()) {
      return std::optional<Lowered>();
    }
    if (uses_[at->index] > 1) {
      if (!context_->budget.take_text(lowered->mounts.size() * sizeof(ir::RunMount), node.loc,
                                      context_->emitter)) {
        return std::optional<Lowered>();
      }
      shared_.insert_or_assign(*at, *lowered);
    }
  }
  return lowered;
}

Result<std::optional<ImageLowering::Lowered>> ImageLowering::base(const ImageNode& node) {
  if (std::holds_alternative<FromScratch>(node.step)) {
    return std::optional<Lowered>({StageBuilder::from_scratch(*context_, 0, node.loc), {}});
  }
  STRATA_ASSIGN(auto stage, StageBuilder::from_base(
                                *context_, std::get<FromRegistry>(node.step).ref, node.loc));
  if (!stage) {
    return std::optional<Lowered>();
  }
  return std::optional<Lowered>({*std::move(stage), {}});
}

Result<bool> ImageLowering::apply(const ImageNode& node, Lowered& lowered) {
  const std::size_t errors = context_->emitter.error_count();
  if (const auto* local = std::get_if<AddLocal>(&node.step)) {
    return add_local(*local, node, lowered);
  }
  if (const auto* commands = std::get_if<DockerfileCommands>(&node.step)) {
    return fragment(*commands, node, lowered);
  }
  if (const auto* run = std::get_if<RunCommands>(&node.step)) {
    run_commands(*run, lowered.stage);
  } else if (const auto* change = std::get_if<ChangeConfig>(&node.step)) {
    lowered.stage.change(change->change, node.loc);
  } else if (const auto* workdir = std::get_if<SetWorkdir>(&node.step)) {
    lowered.stage.workdir(workdir->path, node.loc);
  } else if (const auto* cmd = std::get_if<SetCmd>(&node.step)) {
    lowered.stage.cmd(cmd->args, node.loc);
  } else if (const auto* entrypoint = std::get_if<SetEntrypoint>(&node.step)) {
    lowered.stage.entrypoint(entrypoint->args, node.loc);
  }
  return context_->emitter.error_count() == errors;
}

void ImageLowering::run_commands(const RunCommands& run, StageBuilder& stage) {
  StageBuilder::RunArgs args;
  args.env = stage.env();
  for (const auto& [name, value] : run.env) {
    args.env.set(name, value);
  }
  args.network = run.network;
  for (const RunCommands::Command& command : run.commands) {
    args.command = command.text;
    stage.run(args, command.loc);
  }
}

Result<bool> ImageLowering::add_local(const AddLocal& add, const ImageNode& node,
                                      Lowered& lowered) {
  STRATA_ASSIGN(auto patterns, ignore_->patterns());
  if (!patterns) {
    return false;
  }
  const std::size_t errors = context_->emitter.error_count();
  ir::SharedStrings ignore = *std::move(patterns);
  if (!add.ignore.empty()) {
    ir::Strings both = ignore.values();
    for (std::string& pattern : ignore_below(add.source, add.ignore)) {
      both.push_back(std::move(pattern));
    }
    ignore = std::move(both);
  }
  if (!add.ignore.empty() || add.strategy == AddLocal::Strategy::Mount) {
    // A list of its own, where the others share the context's.
    std::size_t bytes = 0;
    for (const std::string& pattern : ignore) {
      bytes += sizeof(std::string) + pattern.size();
    }
    if (!context_->budget.take_text(bytes, node.loc, context_->emitter)) {
      return false;
    }
  }
  if (add.strategy == AddLocal::Strategy::Mount) {
    ir::RunMount mount{.source = add.source, .target = add.dest, .ignore = ignore.values()};
    if (add.shape == AddLocal::Shape::File && mount.target.ends_with('/')) {
      mount.target += base_name(add.source);
    } else if (mount.target.size() > 1 && mount.target.ends_with('/')) {
      mount.target.pop_back();
    }
    lowered.mounts.push_back(std::move(mount));
    return true;
  }
  StageBuilder::CopyArgs copy;
  copy.sources.push_back({.from = StageBuilder::Source::From::Local,
                          .path = literal_pattern(add.source.empty() ? "." : add.source),
                          .root = {},
                          .content = {},
                          .context = {},
                          .ignore = std::move(ignore),
                          .loc = add.source_loc});
  copy.dest = add.dest;
  if (add.shape == AddLocal::Shape::Directory && !copy.dest.ends_with('/')) {
    copy.dest += '/';
  }
  STRATA_TRY(lowered.stage.copy(copy, node.loc));
  return context_->emitter.error_count() == errors;
}

Result<bool> ImageLowering::fragment(const DockerfileCommands& commands, const ImageNode& node,
                                     Lowered& lowered) {
  STRATA_ASSIGN(const auto ignore, ignore_->patterns());
  if (!ignore) {
    return false;
  }
  const FileId file = sources_->add(fragment_name(*sources_, node.loc), commands.text);
  const ContextScope scope(context_->emitter, node.loc, "in these `dockerfile_commands`");
  return dockerfile::lower_fragment(file, *sources_, *context_, *ignore, lowered.stage);
}

}  // namespace strata::frontend::spec
