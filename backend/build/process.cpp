// From where a process starts to what the executor is asked for.
#include "backend/build/process.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "backend/build/users.h"
#include "backend/oci/layer_trees.h"
#include "backend/oci/root_content.h"
#include "backend/system/files.h"

namespace strata::backend {
namespace {

Result<void> lay_out(const ir::InlineFiles& files, const std::string& directory) {
  STRATA_TRY(make_directories(directory));
  for (const ir::InlineFile& file : files) {
    const std::string path = directory + "/" + file.path;
    STRATA_TRY(write_file(path, file.content));
    // Not by open(2)'s mode, which the umask cuts.
    if (::chmod(path.c_str(), static_cast<mode_t>(file.mode)) != 0) {
      return errno_error(path, errno);
    }
  }
  if (::chmod(directory.c_str(), 0755) != 0) {
    return errno_error(directory, errno);
  }
  return {};
}

}  // namespace

Result<ProcessRoot> stored_root(Store& store, const std::vector<Digest>& trees) {
  std::vector<std::string> lowers;
  std::vector<std::shared_ptr<const Tree>> layers;
  std::vector<Digest> below;
  for (const Digest& digest : trees) {
    STRATA_ASSIGN(auto tree, store.tree(digest));
    if (!tree) {
      return Error{ErrorCode::Corrupt, fmt::format("tree {} is gone from the store", digest.str())};
    }
    layers.push_back(*std::move(tree));
    if (digest != empty_tree_digest()) {
      STRATA_ASSIGN(std::string directory, oci::ensure_root(store, digest, below));
      lowers.push_back(std::move(directory));
    }
    below.push_back(digest);
  }
  RootView view(std::move(layers));
  auto content = oci::root_content(store, trees, view);
  return ProcessRoot{std::move(lowers), std::move(view), std::move(content)};
}

Result<RunSpec> run_spec_of(const ProcessStart& start, const ProcessRoot& root,
                            const std::string& scratch) {
  RunSpec spec;
  STRATA_ASSIGN(const ProcessUser user, resolve_process_user(start.user, root.view, *root.content));
  spec.lowers = root.lowers;
  spec.scratch = scratch;
  spec.args = start.args;
  spec.env = start.env;
  spec.cwd = start.cwd.empty() ? "/" : start.cwd;
  spec.uid = user.uid;
  spec.gid = user.gid;
  spec.groups = user.groups;
  spec.home = user.home;
  spec.hostname = start.hostname;
  spec.network = start.network;
  spec.epoch = start.epoch;
  int number = 0;
  for (const ProcessStart::Mount& mount : start.mounts) {
    const std::string directory = fmt::format("{}/mount-{}", scratch, number++);
    STRATA_TRY(lay_out(mount.files, directory));
    spec.binds.push_back({directory, mount.target, RunSpec::Bind::Access::ReadOnly});
  }
  return spec;
}

bool has_shell(const RootView& root) {
  const auto path = root.resolve("/bin/sh", RootView::FollowLast::Yes);
  const auto found = path ? root.find(*path) : std::nullopt;
  return found &&
         (found->entry->type == EntryType::File || found->entry->type == EntryType::Hardlink);
}

}  // namespace strata::backend
