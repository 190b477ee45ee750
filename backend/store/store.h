#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/layer/layer.h"
#include "backend/store/process_start.h"
#include "backend/system/fd.h"
#include "backend/tree/tree.h"
#include "ir/base/digest.h"
#include "ir/base/result.h"
#include "ir/module.h"

namespace strata::backend {

// A content descriptor (OCI image-spec 1.1 descriptor.md).
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  ir::Pairs annotations;  // sorted
  std::string platform;   // "linux/amd64[/variant]", "" when not given
  bool operator==(const Descriptor&) const = default;
};

// One result of a step: the digest of its diff tree (empty_tree_digest() when it changed nothing),
// and the trees that its inputs' results had, so that a build takes it only over the same inputs.
// Sorted as operands(op).
struct StepResult {
  Digest tree;
  std::vector<Digest> inputs;
  std::int64_t seconds_ms = 0;  // how long the step ran, milliseconds; for people
  bool operator==(const StepResult&) const = default;
};

// The user's files that an image started by a name finds in it: no part of the image or of any key.
struct LocalMounts {
  std::string context;  // absolute; the sources are relative to it
  std::vector<ir::RunMount> mounts;
  bool operator==(const LocalMounts&) const = default;
};

// A name in the store: a tag or digest reference → a manifest.
struct Ref {
  std::string name;
  Descriptor manifest;
  LocalMounts mounts;
};

// The store, `$STRATA_HOME`: readable by others as an OCI image layout. Layout, formats and the
// crash rules: backend/store/README.md. All methods are safe for threads and for several processes
// at once. A missing or damaged object is a miss, never an error: damaged ones are moved to
// `quarantine/`.
class Store {
 public:
  // Creates it if needed, with mode 0700. Only an empty directory becomes a store. Error Machine
  // for what is not provably a store that this user alone writes to (nothing is touched then), for
  // no space, and for a newer format.
  static Result<std::unique_ptr<Store>> open(const std::string& path);
  // $STRATA_HOME, else $XDG_CACHE_HOME/strata, else ~/.cache/strata.
  static std::string default_path();
  ~Store();

  [[nodiscard]] const std::string& path() const;

  // Blobs, by SHA-256.
  // ---------------------------------------------------------------------------------------------
  [[nodiscard]] std::optional<std::uint64_t> blob_size(const Digest& digest) const;
  [[nodiscard]] std::string blob_path(const Digest& digest) const;
  // Whole, re-hashed; for manifests and configs (at most 64 MiB). nullopt: not there or damaged.
  [[nodiscard]] Result<std::optional<std::string>> read_blob(const Digest& digest) const;
  // True when the blob is there and its bytes are right: re-hashed unless its (device, inode, size,
  // mtime, ctime) are those of its last verification.
  [[nodiscard]] Result<bool> verify_blob(const Digest& digest) const;
  // The same without regard to an earlier verification.
  [[nodiscard]] Result<bool> rehash_blob(const Digest& digest) const;
  // Whether a copy of the blob elsewhere (in an image layout that is exported to) has its bytes,
  // all hashed: that place is not ours, and what is in it leaves. False also when there is no file.
  [[nodiscard]] Result<bool> verify_copy(const std::string& path, const Digest& digest) const;
  Result<Digest> put_blob(std::string_view data);

  // Writes a blob whose digest is not known yet, or is expected. Nothing is visible before
  // commit(); destroyed without it, nothing remains.
  class BlobWriter : public ByteSink {
   public:
    // Error Corrupt when `expected` is given and differs. Syncs, renames, syncs the directory.
    virtual Result<Descriptor> commit(const std::string& media_type,
                                      const std::optional<Digest>& expected) = 0;
    [[nodiscard]] virtual std::uint64_t size() const = 0;
  };
  [[nodiscard]] Result<std::unique_ptr<BlobWriter>> new_blob();
  // A partial download that survives the process (tmp/download-<hex>): append to it, then adopt it
  // as a blob (verified; Corrupt removes it).
  [[nodiscard]] std::string partial_path(const Digest& digest) const;
  Result<void> adopt_partial(const Digest& digest);

  // Trees, by tree digest.
  // -----------------------------------------------------------------------------------------
  Result<Digest> put_tree(const Tree& tree);
  [[nodiscard]] Result<std::optional<std::shared_ptr<const Tree>>> tree(const Digest& digest) const;
  // Whether the tree is on disk, whatever was read of it before: hashed, not parsed.
  [[nodiscard]] Result<bool> has_tree(const Digest& digest) const;
  // The diff tree of a pulled layer, by chain ID (image-spec config.md): what read_layer made of it
  // over the chain below.
  [[nodiscard]] Result<std::optional<Digest>> chain_tree(const Digest& chain_id) const;
  Result<void> put_chain_tree(const Digest& chain_id, const Digest& tree);

  // Step results, by step digest, the newest last; the record is kept beside them.
  // ----------------------------------------------------
  [[nodiscard]] Result<std::vector<StepResult>> results(const Digest& step) const;
  // The bytes whose digest is `step`; nullopt when no result of it was published.
  [[nodiscard]] Result<std::optional<std::string>> step_record(const Digest& step) const;
  // Makes it the newest; one that is there with the same tree and inputs moves to the end, and only
  // the eight newest stay. Blobs, trees and roots that it needs must be published before.
  Result<void> put_result(const Digest& step, std::string_view record, const StepResult& result);

  // Where the process of a step's newest result started, or would have started had it been a RUN:
  // its args are empty then. Put before the result; gc collects both together.
  Result<void> put_start(const Digest& step, const ProcessStart& start);
  [[nodiscard]] Result<std::optional<ProcessStart>> start(const Digest& step) const;
  // The steps that have results, sorted.
  [[nodiscard]] Result<std::vector<Digest>> steps() const;

  // Steps that failed, by step digest: where their process started, so that one can be started
  // there again. Never a result: nothing stays in the store for them, and gc removes them all.
  Result<void> put_failed(const Digest& step, const ProcessStart& start);
  [[nodiscard]] Result<std::optional<ProcessStart>> failed(const Digest& step) const;
  // Those that there are, sorted.
  [[nodiscard]] Result<std::vector<Digest>> failed_steps() const;

  // Layers: (tree, emission profile) → blob. A record whose blob is gone or damaged is nullopt.
  // -----------------------------------
  [[nodiscard]] Result<std::optional<LayerBlob>> layer(const Digest& tree,
                                                       const std::string& profile) const;
  Result<void> put_layer(const Digest& tree, const std::string& profile, const LayerBlob& layer);
  // Any blob that holds this tree, of any profile or pulled.
  [[nodiscard]] Result<std::optional<LayerBlob>> any_layer(const Digest& tree) const;

  // Roots: unpacked diff trees, for overlay lowers. Counts only with its marker, written after a
  // sync. ------------------
  [[nodiscard]] std::optional<std::string> root(const Digest& tree) const;
  // For who lets a process read the files, which no digest guards then: the first time, the root is
  // compared with what its marker notes of each file (a walk without reading). One that anybody has
  // changed is moved to quarantine/ and is not there.
  [[nodiscard]] Result<std::optional<std::string>> checked_root(const Digest& tree);
  // Moves a root whose files turned out not to be its tree's to quarantine/.
  void set_aside_root(const Digest& tree);
  // Moves a directory of new_scratch() in; the first one wins and `staged` is removed. Returns the
  // path.
  Result<std::string> put_root(const Digest& tree, const std::string& staged);
  // put_root in two halves, for who wants to read the files while they are synced. From stage_root
  // on root() of this Store finds them; for other processes and after a crash they count from
  // commit() on. A staged root holds the lock of its name; destroyed without commit(), it is gone
  // again and the lock is free. The same tree may be staged several times: the first commit() is
  // for all.
  class StagedRoot {
   public:
    class State;
    // Of one that was there already: commit() has nothing to do.
    StagedRoot() = default;
    explicit StagedRoot(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Result<void> commit();

   private:
    std::shared_ptr<State> state_;
  };
  [[nodiscard]] Result<StagedRoot> stage_root(const Digest& tree, const std::string& staged);

  // References.
  // ------------------------------------------------------------------------------------------------------
  Result<void> set_ref(const std::string& name, const Descriptor& manifest,
                       const LocalMounts& mounts = {});
  Result<void> remove_ref(const std::string& name);
  [[nodiscard]] Result<std::optional<Descriptor>> ref(const std::string& name) const;
  [[nodiscard]] Result<std::vector<Ref>> refs() const;
  // Image key → manifest (keys/).
  [[nodiscard]] Result<std::optional<Descriptor>> image(const Digest& key) const;
  Result<void> put_image(const Digest& key, const Descriptor& manifest);
  // Reference + platform → manifest digest as last resolved (resolved/), for --offline and for
  // plan.
  [[nodiscard]] Result<std::optional<Digest>> resolved(const std::string& ref,
                                                       const std::string& platform) const;
  Result<void> put_resolved(const std::string& ref, const std::string& platform,
                            const Digest& manifest);

  // Scratch space of this process, on the store's file system (tmp/<build id>/…), removed when the
  // store closes; what dead processes left is removed by the next open (their lease's flock is
  // free). -----------------------------------------------------------
  [[nodiscard]] Result<std::string> new_scratch(const std::string& purpose);
  [[nodiscard]] const std::string& build_id() const;
  // Whether the process that opened this store under that build id still has it open.
  [[nodiscard]] bool is_running(const std::string& build_id) const;
  [[nodiscard]] std::string stat_cache_path() const;

  // An exclusive lock by name across processes, waiting for it; released by its destruction. Prints
  // nothing; `on_wait` is called once with the holder's pid when it has to wait for more than a
  // second.
  [[nodiscard]] Result<Fd> lock(const std::string& name,
                                const std::function<void(int pid)>& on_wait = {});

  // The same without waiting: nullopt when another process has it, whose pid is in `holder` then.
  [[nodiscard]] Result<std::optional<Fd>> try_lock(const std::string& name, int& holder);

  struct GcOptions {
    std::optional<std::uint64_t> keep_bytes;
    std::optional<int> keep_days;
    bool dry_run = false;
    // Called once when other processes use the store for more than a second; with the pid of one.
    std::function<void(int pid)> on_wait;
  };
  struct GcReport {
    std::uint64_t removed_objects = 0;
    std::uint64_t removed_bytes = 0;
    std::uint64_t kept_bytes = 0;
  };
  // Removes what no reference, image key, step result, layer record or root reaches. With keep_days
  // results and roots that were not used for so long stop counting; with keep_bytes the least
  // recently used stop counting until the rest fits. What refs/ reaches always stays. Waits for
  // running builds' leases: never removes under one (a second open Store of this process is one).
  Result<GcReport> gc(const GcOptions& options);
  // Re-hashes everything and quarantines what is damaged; makes `oci-layout` and `index.json`
  // again. The damaged objects' names. What no store has made is not looked at.
  Result<std::vector<std::string>> fsck();
  // How many objects this process has moved to quarantine/.
  [[nodiscard]] std::uint64_t set_aside() const;

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace strata::backend
