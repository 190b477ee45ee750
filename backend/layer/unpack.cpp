// unpack_members: contents go to numbered files first and get their names when the whole tree is
// known, so no name, link or order in an archive can lead a write anywhere.
#include "backend/layer/unpack.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "backend/tree/lay_out.h"

namespace strata::backend {
namespace {

// No member of a layer can have this name.
constexpr const char* kStaging = ".wh.strata-staging";
// What a region of a sparse file takes while its member is read, about.
constexpr std::uint64_t kRegionBytes = 96;

class Unpacker {
 public:
  Unpacker(ArchiveReader& reader, MemberTree& members, ArchiveBudget& budget,
           const UnpackOptions& options)
      : reader_(&reader), members_(&members), budget_(&budget), options_(&options) {}

  Result<MemberTree::Finished> run() {
    if (writes()) {
      STRATA_TRY(open_staging());
    }
    for (;;) {
      STRATA_TRY(check_interrupted());
      Result<std::optional<TreeEntry>> member = reader_->next();
      if (!member) {
        Error error = std::move(member).error();
        const bool is_hostile = error.code == ErrorCode::Corrupt && !last_.empty();
        return is_hostile ? std::move(error).with_context("after " + shown_member(last_)) : error;
      }
      if (!*member) {
        break;
      }
      STRATA_TRY(take(**std::move(member)));
    }
    STRATA_ASSIGN(MemberTree::Finished finished, members_->finish());
    if (writes()) {
      STRATA_TRY(place(finished));
    }
    return finished;
  }

 private:
  [[nodiscard]] bool writes() const { return !options_->directory.empty(); }
  [[nodiscard]] std::string staging_path() const { return options_->directory + "/" + kStaging; }

  Result<void> open_staging() {
    if (::mkdir(staging_path().c_str(), 0700) != 0) {
      return errno_error(staging_path(), errno);
    }
    staging_ = Fd(::open(staging_path().c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return staging_.valid() ? Result<void>() : errno_error(staging_path(), errno);
  }

  Result<Fd> new_staged(std::size_t content) const {
    if (!writes()) {
      return Fd();
    }
    Fd fd(::openat(staging_.get(), std::to_string(content).c_str(),
                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return fd.valid() ? Result<Fd>(std::move(fd)) : errno_error(staging_path(), errno);
  }

  Result<void> take(TreeEntry member) {
    const std::string name = member.path;
    const std::uint64_t size = member.size;
    last_ = name;
    STRATA_TRY(budget_->take_memory(name, reader_->sparse_regions() * kRegionBytes));
    if (reader_->position() > budget_->content_limit()) {
      return budget_->take_content(name, budget_->content_limit() + 1);
    }
    STRATA_ASSIGN(const MemberTree::Added added, members_->add(std::move(member)));
    if (added.copied) {
      return writes() ? copy_below(name, *added.content, *added.copied) : Result<void>();
    }
    return added.content ? read_content(name, *added.content, size) : Result<void>();
  }

  Result<void> read_content(const std::string& name, std::size_t content, std::uint64_t size) {
    STRATA_TRY(budget_->take_content(name, size));
    STRATA_ASSIGN(const Fd target, new_staged(content));
    Sha256 hash;
    std::uint64_t at = 0;
    const auto take_block = [&](std::string_view data, std::uint64_t offset) -> Result<void> {
      STRATA_TRY(check_interrupted());
      if (offset < at || offset > size || data.size() > size - offset) {
        return Error{ErrorCode::Corrupt, name + ": has data outside its size"};
      }
      STRATA_TRY(hash_zeros(hash, offset - at));
      hash.update(data);
      at = offset + data.size();
      return writes() ? write_at(target, data, offset) : Result<void>();
    };
    STRATA_TRY(reader_->read_data(take_block));
    STRATA_TRY(hash_zeros(hash, size - at));
    if (writes() && at < size && ::ftruncate(target.get(), static_cast<off_t>(size)) != 0) {
      return errno_error(name, errno);
    }
    members_->set_content(content, size, hash.finish());
    return {};
  }

  static Result<void> hash_zeros(Sha256& hash, std::uint64_t count) {
    static const std::vector<char> zeros(std::size_t{1} << 16);
    while (count > 0) {
      STRATA_TRY(check_interrupted());
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(count, zeros.size()));
      hash.update(zeros.data(), part);
      count -= part;
    }
    return {};
  }

  Result<void> write_at(const Fd& target, std::string_view data, std::uint64_t offset) const {
    while (!data.empty()) {
      const ssize_t written =
          ::pwrite(target.get(), data.data(), data.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) {
        continue;
      }
      if (written < 0) {
        return errno_error(options_->directory, errno);
      }
      offset += static_cast<std::uint64_t>(written);
      data.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> copy_below(const std::string& name, std::size_t content,
                          const RootView::Found& source) {
    if (!options_->open_below) {
      return Error{ErrorCode::Corrupt, name + ": is a hard link to `" + source.entry->path +
                                           "` of a lower layer, whose bytes are not at hand"};
    }
    STRATA_TRY(budget_->take_content(name, source.entry->size));
    STRATA_ASSIGN(const Fd from, options_->open_below(source));
    STRATA_ASSIGN(const Fd target, new_staged(content));
    std::vector<char> buffer(std::size_t{1} << 18);
    Sha256 hash;
    std::uint64_t at = 0;
    for (;;) {
      STRATA_TRY(check_interrupted());
      const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        return errno_error(source.entry->path, errno);
      }
      if (got == 0) {
        break;
      }
      const std::string_view piece(buffer.data(), static_cast<std::size_t>(got));
      hash.update(piece);
      STRATA_TRY(write_at(target, piece, at));
      at += piece.size();
    }
    if (hash.finish() != source.entry->sha256) {
      return Error{ErrorCode::Corrupt, source.entry->path + ": changed while it was read"};
    }
    return {};
  }

  Result<void> place(const MemberTree::Finished& finished) {
    if (finished.tree.find(kStaging) != nullptr) {
      return Error{ErrorCode::Corrupt, std::string(kStaging) + ": is a name of strata's own"};
    }
    // One thread: names are moved, no data, and a directory is locked for each.
    STRATA_TRY(
        lay_out(finished.tree, options_->directory, 1,
                [&](const TreeEntry& entry, int parent, const std::string& name) -> Result<Fd> {
                  const std::string number = std::to_string(finished.contents.at(entry.path));
                  if (::renameat(staging_.get(), number.c_str(), parent, name.c_str()) != 0) {
                    return errno_error(options_->directory + "/" + entry.path, errno);
                  }
                  Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
                  return fd.valid() ? Result<Fd>(std::move(fd))
                                    : errno_error(options_->directory + "/" + entry.path, errno);
                }));
    STRATA_TRY(remove_tree(staging_path()));
    return restore_root_time(finished.tree);
  }

  // Removing the staging directory changed it.
  Result<void> restore_root_time(const Tree& tree) const {
    const TreeEntry* root = tree.find("");
    const timespec times[2] = {{0, UTIME_OMIT}, {root != nullptr ? root->mtime : 0, 0}};
    if (root != nullptr && ::utimensat(AT_FDCWD, options_->directory.c_str(),
                                       static_cast<const timespec*>(times), 0) != 0) {
      return errno_error(options_->directory, errno);
    }
    return {};
  }

  ArchiveReader* reader_;
  MemberTree* members_;
  ArchiveBudget* budget_;
  const UnpackOptions* options_;
  Fd staging_;
  // The member that was read last.
  std::string last_;
};

}  // namespace

Result<MemberTree::Finished> unpack_members(ArchiveReader& reader, MemberTree& members,
                                            ArchiveBudget& budget, const UnpackOptions& options) {
  return Unpacker(reader, members, budget, options).run();
}

}  // namespace strata::backend
