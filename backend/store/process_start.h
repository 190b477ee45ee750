#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/base/digest.h"
#include "ir/op.h"

namespace strata::backend {

// A process before it starts: the root that it finds, and what it is given. What depends on the
// machine or must not be kept (proxy variables, a terminal) is not part of it.
struct ProcessStart {
  // The root's diff trees, bottom first, base layers and empty trees included.
  std::vector<Digest> trees;
  ir::Strings args;
  ir::Pairs env;
  std::string cwd;       // "" is /
  std::string user;      // as in USER; "" is root
  std::string network;   // "" (default), "none", "host"
  std::string hostname;  // "" is the sandbox profile's
  std::int64_t epoch = 0;
  // Files that are bound read-only into the root, in a directory at `target`: a RUN's heredocs.
  struct Mount {
    ir::InlineFiles files;
    std::string target;
    bool operator==(const Mount&) const = default;
  };
  std::vector<Mount> mounts;
  bool operator==(const ProcessStart&) const = default;
};

}  // namespace strata::backend
