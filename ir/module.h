#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/op.h"

namespace strata::ir {

// A named chain of steps: the op that leaves its final root (image, scratch, exec, copy, mkdir) and
// the op that leaves its final config (image, scratch, config).
struct Stage {
  // Unique in the module: the AS name in lower case, else its number in the file. Spec images:
  // their name.
  std::string name;
  OpId root;
  OpId config;
  Loc loc;
  bool operator==(const Stage& other) const {
    return name == other.name && root == other.root && config == other.config;
  }
};

// A mount of a target's run spec (add_local_* with strategy="mount"): part of how `strata run`
// starts the image, not of the image or any key. `source` is relative to the context.
struct RunMount {
  std::string source;
  std::string target;
  Strings ignore;
  bool operator==(const RunMount&) const = default;
};

// As those of op.h.
template <typename T, typename Visitor>
requires std::is_same_v<std::remove_const_t<T>, RunMount>
void visit_members(T& value, Visitor&& visitor) {
  visitor("ignore", value.ignore);
  visitor("source", value.source);
  visitor("target", value.target);
}

// An image to emit.
struct Target {
  // As given by --target, or declared in the spec; unique.
  std::string name;
  StageId stage;
  std::string platform;
  std::vector<RunMount> run_mounts;
  Loc loc;
  bool operator==(const Target& other) const {
    return name == other.name && stage == other.stage && platform == other.platform &&
           run_mounts == other.run_mounts;
  }
};

// What a build means. Operands precede the ops that read them. Plain data: copying is safe, ids
// stay valid. `==` ignores locations. See ir/README.md for the invariants (verifier.h checks them)
// and the textual form (printer.h, parser.h).
struct Module {
  std::vector<Op> ops;
  std::vector<Stage> stages;
  std::vector<Target> targets;

  [[nodiscard]] const Op& op(OpId id) const { return ops[id.index]; }
  [[nodiscard]] Op& op(OpId id) { return ops[id.index]; }
  [[nodiscard]] const Stage& stage(StageId id) const { return stages[id.index]; }
  bool operator==(const Module&) const = default;
};

// True unless the op is an image without a manifest digest or a local without a tree.
[[nodiscard]] bool is_bound(const Op& op);
// True when every image and local op has its binding: digests exist on bound modules only.
[[nodiscard]] bool is_bound(const Module& module);
// The epoch of the image or scratch op at the bottom of the root chain that `root` ends.
[[nodiscard]] std::int64_t stage_epoch(const Module& module, OpId root);
// The steps of a root chain, bottom (image or scratch) first.
[[nodiscard]] std::vector<OpId> root_chain(const Module& module, OpId root);
// The ops of a config chain, bottom (image or scratch) first.
[[nodiscard]] std::vector<OpId> config_chain(const Module& module, OpId config);
// What describe() may name. History reaches image bytes, so it depends on what records cover: the
// normalized op alone. A plan is for people and also names stages, images and local paths.
enum class DescribeFor { History, Plan };
// `RUN /bin/sh -c echo hi`, `COPY --from=build /app /app/`, `WORKDIR /app`, `LABEL a=b`: one line
// of UTF-8. A control character in an argument is shown as a space, a byte that is not UTF-8 as
// `?`.
[[nodiscard]] std::string describe(const Module& module, OpId id,
                                   DescribeFor purpose = DescribeFor::History);

}  // namespace strata::ir
