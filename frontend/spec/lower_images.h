#pragma once

#include <map>
#include <optional>
#include <vector>

#include "frontend/frontend.h"
#include "frontend/spec/evaluate.h"
#include "frontend/spec/local_files.h"
#include "frontend/stage_builder.h"

namespace strata::frontend::spec {

// Turns the images that are exported into stages and targets. Images that none of them reaches
// make no op, and no base of theirs is resolved.
class ImageLowering {
 public:
  // References must outlive this.
  ImageLowering(const ImageGraph& graph, LoweringContext& context, SourceMap& sources,
                ContextIgnore& ignore);

  // A target that is reported as wrong is left out; the others are added.
  Result<void> add_targets(const std::vector<Export>& targets);

 private:
  struct Lowered {
    StageBuilder stage;
    std::vector<ir::RunMount> mounts;
  };
  // nullopt after a reported error.
  Result<std::optional<Lowered>> image(ImageId id);
  Result<std::optional<Lowered>> base(const ImageNode& node);
  // False after a reported error.
  Result<bool> apply(const ImageNode& node, Lowered& lowered);
  Result<bool> add_local(const AddLocal& add, const ImageNode& node, Lowered& lowered);
  Result<bool> fragment(const DockerfileCommands& commands, const ImageNode& node,
                        Lowered& lowered);
  void run_commands(const RunCommands& run, StageBuilder& stage);

  const ImageGraph* graph_;
  LoweringContext* context_;
  SourceMap* sources_;
  ContextIgnore* ignore_;
  // How many nodes and targets build on a node: what is shared is lowered once.
  std::vector<int> uses_;
  std::map<ImageId, Lowered> shared_;
};

}  // namespace strata::frontend::spec
