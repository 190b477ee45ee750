#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "ir/base/digest.h"
#include "ir/base/source.h"
#include "ir/environment.h"
#include "ir/ids.h"
#include "ir/shared_strings.h"

namespace strata::ir {

using Strings = std::vector<std::string>;
// Names and values chosen by the user. In written order until `normalize` sorts them by name; one
// entry a name after it.
using Pairs = std::vector<std::pair<std::string, std::string>>;
using Digests = std::vector<Digest>;
using OptionalDigest = std::optional<Digest>;
using OptionalString = std::optional<std::string>;
using OptionalStrings = std::optional<Strings>;

// A file of an `inline` op. `path` is relative, without a leading `/`; `mode` has permission bits
// only. Owner 0:0.
struct InlineFile {
  std::string content;
  std::int64_t mode = 0644;
  std::string path;
  bool operator==(const InlineFile&) const = default;
};
using InlineFiles = std::vector<InlineFile>;

// One source of a `copy`. `tree` is a `local` or `inline` op, or the root op of a stage or image.
// For the latter `path` is absolute and may hold wildcards (Go's filepath.Match, per component);
// for the former it is empty: the whole selection. `loc` is where it was written, for a message at
// build time; like an op's it is ignored by `==`, and it is in no text and no record.
struct CopySource {
  std::string path;
  OpId tree;
  Loc loc = {};
  bool operator==(const CopySource& other) const {
    return path == other.path && tree == other.tree;
  }
};
using CopySources = std::vector<CopySource>;

// A read-only bind mount of a RUN: `path` of the tree of `source` seen at `target`. (Other mount
// types come with the complete Dockerfile language; they get a `type` field.)
struct Mount {
  std::string path;
  OpId source;
  std::string target;
  bool operator==(const Mount&) const = default;
};
using Mounts = std::vector<Mount>;

// `test` is as in the OCI/docker config: {"NONE"}, {"CMD", …} or {"CMD-SHELL", "…"}. Durations in
// nanoseconds, 0 is unset.
struct Healthcheck {
  std::int64_t interval = 0;
  std::int64_t retries = 0;
  std::int64_t start_interval = 0;
  std::int64_t start_period = 0;
  Strings test;
  std::int64_t timeout = 0;
  bool operator==(const Healthcheck&) const = default;
};
using OptionalHealthcheck = std::optional<Healthcheck>;

// The host name that a RUN sees, part of the sandbox profile: BuildKit's.
inline constexpr std::string_view kSandboxHostname = "buildkitsandbox";

enum class FieldRole { Key, Input, Binding };

// The op structs. Notes on fields:
//   Image.ref       normalized reference (docker.io/library/debian:bookworm-slim), for messages,
//   pulls and the base.name annotation Image.config    digest of the base's config blob; diff_ids
//   are its layers', uncompressed
//   *.epoch         the stage epoch, seconds; see the design's "Times"
//   *.platform      os/architecture[/variant], normalized (linux/amd64)
//   Local.context   name of the build context, "" is the main one; source is a clean path relative
//   to it (may hold wildcards; "" is
//                   the whole context); ignore the patterns in force, in order (.dockerignore's,
//                   then the step's own)
//   Exec.args       as passed to execve, shell included; env is the whole effective environment but
//   what the sandbox profile
//                   adds; hostname "" is kSandboxHostname; user as written ("" is root); network
//                   "" (default), "none" or "host"
//   Copy.dest       absolute; a trailing `/` says directory. owner as written in --chown ("" keeps
//   the source's; local files
//                   are 0:0); mode octal digits ("" keeps)
//   Copy.unpack     ADD: local archives among the sources are unpacked
//   Mkdir.owner     user as in USER ("" is root)
//   Config.*        set fields replace (cmd, entrypoint, user, workdir, healthcheck, stop_signal,
//   shell), env and labels are
//                   merged by name, ports and volumes are added
#define STRATA_OP(Struct, text) \
  struct Struct {               \
    static constexpr std::string_view kName = text;
#define STRATA_FIELD(type, member, text, role) type member{};
#define STRATA_OP_END(Struct)                     \
  bool operator==(const Struct&) const = default; \
  }                                               \
  ;
#include "ir/ops.def"
#undef STRATA_OP
#undef STRATA_FIELD
#undef STRATA_OP_END

// visit_fields(op, [](std::string_view name, auto& value, FieldRole role) { … }) calls back for
// each field, in byte order of the names. `op` may be const.
#define STRATA_OP(Struct, text)                            \
  template <typename Op, typename Visitor>                 \
  requires std::is_same_v<std::remove_const_t<Op>, Struct> \
  void visit_fields(Op& op, Visitor&& visitor) {
#define STRATA_FIELD(type, member, text, role) \
  visitor(std::string_view(text), op.member, FieldRole::role);
#define STRATA_OP_END(Struct) }
#include "ir/ops.def"
#undef STRATA_OP
#undef STRATA_FIELD
#undef STRATA_OP_END

// The nested structs are visited the same way, without roles, in byte order of the names.
template <typename T, typename Visitor>
requires std::is_same_v<std::remove_const_t<T>, InlineFile>
void visit_members(T& value, Visitor&& visitor) {
  visitor("content", value.content);
  visitor("mode", value.mode);
  visitor("path", value.path);
}
template <typename T, typename Visitor>
requires std::is_same_v<std::remove_const_t<T>, CopySource>
void visit_members(T& value, Visitor&& visitor) {
  visitor("path", value.path);
  visitor("tree", value.tree);
}
template <typename T, typename Visitor>
requires std::is_same_v<std::remove_const_t<T>, Mount>
void visit_members(T& value, Visitor&& visitor) {
  visitor("path", value.path);
  visitor("source", value.source);
  visitor("target", value.target);
}
template <typename T, typename Visitor>
requires std::is_same_v<std::remove_const_t<T>, Healthcheck>
void visit_members(T& value, Visitor&& visitor) {
  visitor("interval", value.interval);
  visitor("retries", value.retries);
  visitor("start_interval", value.start_interval);
  visitor("start_period", value.start_period);
  visitor("test", value.test);
  visitor("timeout", value.timeout);
}

// Holds for the nested structs: those that visit_members takes.
struct MemberVisitor {
  template <typename T>
  void operator()(std::string_view, const T&) const {}
};
template <typename T>
concept Nested = requires(const T& value) {
  visit_members(value, MemberVisitor{});
};

using OpData = std::variant<Image, Scratch, Local, Inline, Exec, Copy, Mkdir, Config>;

// One step. `==` compares meaning: locations are ignored.
struct Op {
  OpData data;
  // Where it was written; `also` holds the other places once `dedupe` made several steps one.
  Loc loc;
  std::vector<Loc> also;

  [[nodiscard]] std::string_view name() const {
    return std::visit([](const auto& op) { return std::remove_cvref_t<decltype(op)>::kName; },
                      data);
  }
  bool operator==(const Op& other) const { return data == other.data; }
};

// The ops that `op` reads, in the order of its fields (all must precede it in the module).
[[nodiscard]] std::vector<OpId> operands(const Op& op);
// The root chain's operand of exec, copy, mkdir; not valid for the other ops.
[[nodiscard]] OpId root_operand(const Op& op);
// Calls `map` on each operand and stores what it returns.
template <typename Map>
void map_operands(Op& op, Map&& map);

}  // namespace strata::ir

#include "ir/op_operands.h"
