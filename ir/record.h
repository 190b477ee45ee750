#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ir/module.h"

namespace strata::ir {

// The version of the record format; every record names it. Version 1, the byte format (also in
// ir/README.md):
//   canonical JSON (ir/base/canonical_json.h), one object, members:
//     "op"        the op's name
//     "record"    1
//     each Key field that does not hold its default, by its name in ops.def; Pairs as
//     [["name","value"],…]; InlineFile and the
//                 other nested structs as objects of all their members; a Digest as "sha256:…"
//     each Input field as the digest of that step, and so the operands inside CopySource and Mount
//     "sandbox"   1 for exec: the version of the sandbox profile (capabilities, masks, umask, fixed
//     environment, clean-up) "tree"      2 for copy, mkdir, exec, local, inline: the version of the
//     tree profile (how strata writes files). A `local`'s
//                 own field `tree` is written as "selection"
// all members in byte order.
inline constexpr int kRecordVersion = 1;

// What is kept of a step's record: a RUN's holds its whole environment, so those of a file together
// may be far larger than the file. record_json() writes it again.
struct StepRecord {
  Digest digest;
};

// The record of one op, given the digests of its operands.
[[nodiscard]] std::string write_record(const Op& op, const std::function<Digest(OpId)>& input);

// The record of each op, by OpId; nullopt for an op that is not bound or reads one that is not.
[[nodiscard]] std::vector<std::optional<StepRecord>> records(const Module& module);

// The record of a step that `records` (of the same module) has, as it is hashed.
[[nodiscard]] std::string record_json(const Module& module,
                                      const std::vector<std::optional<StepRecord>>& records,
                                      OpId id);

// The image key's record as it is hashed, and its digest: digest == Digest::of(json).
struct ImageKey {
  std::string json;
  Digest digest;
};

// What else reaches a manifest and is no step. Digest of the record is the image key.
struct ImageKeyInputs {
  std::string emission_profile;  // "gzip-6-libdeflate-1.14-1m"
};

// The image key's record of a target (an object with "op":"image-key", the root and config steps'
// digests, the platform, the base name, the stage epoch, the profile, and as "assembly" the version
// of how config and manifest are made of them); nullopt on an unbound target.
[[nodiscard]] std::optional<ImageKey> image_key(
    const Module& module, const Target& target,
    const std::vector<std::optional<StepRecord>>& records, const ImageKeyInputs& inputs);

}  // namespace strata::ir
