#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ir/base/source.h"
#include "ir/ids.h"
#include "ir/op.h"

namespace strata::frontend::spec {

using ImageId = ir::Id<struct SpecImageTag>;

// What a constructor or method call means, checked: nothing in it can be wrong any more but what
// the world decides (bases, local files) and the text of dockerfile_commands.
struct FromRegistry {
  std::string ref;  // normalized
};
struct FromScratch {};
struct RunCommands {
  struct Command {
    std::string text;
    Loc loc;
  };
  // One exec each.
  std::vector<Command> commands;
  std::string network;
  ir::Pairs env;
};
struct DockerfileCommands {
  std::string text;
};
// add_local_file and add_local_dir. A directory stands for what is in it.
struct AddLocal {
  enum class Shape { File, Directory } shape = Shape::File;
  enum class Strategy { Mount, Copy } strategy = Strategy::Mount;
  std::string source;  // clean, relative to the context; "" the whole
  std::string dest;    // absolute; as written otherwise
  ir::Strings ignore;  // relative to the source
  Loc source_loc;
};
struct ChangeConfig {
  ir::Config change;
};
struct SetWorkdir {
  std::string path;
};
struct SetCmd {
  ir::Strings args;
};
struct SetEntrypoint {
  ir::Strings args;
};

// One call. Images are immutable, so a node never changes, and chains share their prefixes.
struct ImageNode {
  // Not valid for constructors.
  ImageId parent;
  // The method's name and arguments; the whole call for constructors.
  Loc loc;
  std::variant<FromRegistry, FromScratch, RunCommands, DockerfileCommands, AddLocal, ChangeConfig,
               SetWorkdir, SetCmd, SetEntrypoint>
      step;
};

// Parents precede their children.
struct ImageGraph {
  std::vector<ImageNode> nodes;

  [[nodiscard]] const ImageNode& node(ImageId id) const { return nodes[id.index]; }
};

// An image to emit.
struct Export {
  std::string name;
  Loc loc;
  ImageId image;
};

}  // namespace strata::frontend::spec
