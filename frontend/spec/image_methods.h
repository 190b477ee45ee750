#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "frontend/budget.h"
#include "frontend/spec/arguments.h"
#include "frontend/spec/edition.h"
#include "frontend/spec/image_graph.h"
#include "frontend/spec/methods.h"
#include "ir/base/emitter.h"
#include "ir/base/source.h"

namespace strata::frontend::spec {

// Where a call stands in its chain, for locations and fix-its.
struct CallSite {
  Loc whole;          // the chain from its begin to the call's end
  Loc call;           // method name and arguments
  Loc after_base;     // an empty range: the end of what the method is called on
  Loc chain_end;      // an empty range: the end of the whole chain
  Loc parentheses;    // `(…)`
  Loc last_argument;  // not valid when there are none
};

// Checks calls of the Image API and grows the image graph by them.
class ImageMethods {
 public:
  // References must outlive this.
  ImageMethods(const SourceMap& sources, Budget& budget, Emitter& emitter)
      : sources_(&sources), budget_(&budget), emitter_(&emitter), edition_(&newest_edition()) {}

  void set_edition(const Edition& edition) { edition_ = &edition; }

  // The image that the call makes; nullopt after a reported error. `parent` is not valid for
  // constructors.
  std::optional<ImageId> call(const MethodDef& def, ImageId parent, const Arguments& arguments,
                              const CallSite& site);

  [[nodiscard]] const ImageGraph& graph() const { return graph_; }
  [[nodiscard]] ImageGraph take_graph() { return std::move(graph_); }

 private:
  using Step = decltype(ImageNode::step);

  std::optional<Step> step(const MethodDef& def, const Arguments& arguments, const CallSite& site);
  std::optional<Step> debian_slim(const Arguments& arguments, const CallSite& site);
  std::optional<Step> base(const Arguments& arguments);
  std::optional<Step> pip_install(const Arguments& arguments, const CallSite& site);
  std::optional<Step> apt_install(const Arguments& arguments, const CallSite& site);
  std::optional<Step> run_commands(const Arguments& arguments, const CallSite& site);
  std::optional<Step> dockerfile_commands(const Arguments& arguments, const CallSite& site);
  std::optional<Step> add_local(AddLocal::Shape shape, const Arguments& arguments,
                                const CallSite& site);
  std::optional<Step> config(Method method, const Arguments& arguments);
  std::optional<AddLocal::Strategy> strategy(const Arguments& arguments);
  bool check_source(const Text& source, AddLocal& add);
  bool check_destination(const Text& dest, AddLocal& add);
  // Control characters that no command, path or name may hold.
  bool check_text(const Text& text, std::string_view what);
  bool check_names(const ir::Pairs& pairs, Loc loc, std::string_view what);

  void check_mounts(const MethodDef& def, const Step& step, ImageId parent, const CallSite& site);
  ImageId add(ImageId parent, Loc loc, Step step);

  // What is known of a node whose step mounts, for the fix-its of StepAfterMount.
  struct MountSite {
    CallSite site;
    // Inserting or replacing this makes it a copy.
    Loc copy_at;
    std::string copy_text;
  };

  const SourceMap* sources_;
  Budget* budget_;
  Emitter* emitter_;
  const Edition* edition_;
  ImageGraph graph_;
  // By node: the nearest node at or below it that mounts; not valid when there is none.
  std::vector<ImageId> mounts_;
  std::map<ImageId, MountSite> mount_sites_;
};

}  // namespace strata::frontend::spec
