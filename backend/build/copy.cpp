// COPY, ADD and WORKDIR as diff trees over a root that is not unpacked.
#include "backend/build/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "backend/layer/layer.h"
#include "backend/system/files.h"
#include "ir/base/path.h"

namespace strata::backend {
namespace {

class Copier {
 public:
  explicit Copier(const CopyRequest& request)
      : request_(request), editor_(request.below, request.epoch) {
    const std::string& mode = request.op.mode;
    std::uint32_t value = 0;
    if (!mode.empty() &&
        std::from_chars(mode.data(), mode.data() + mode.size(), value, 8).ec == std::errc()) {
      mode_ = value & 07777U;
    }
  }

  Result<TreeWithContent> run() {
    for (const CopyItem& item : request_.items) {
      STRATA_TRY(copy_item(item));
    }
    return editor_.take();
  }

 private:
  [[nodiscard]] FileOwner parents_owner() const { return request_.owner.value_or(FileOwner{}); }

  Result<void> copy_item(const CopyItem& item) {
    if (item.is_directory) {
      return copy_directory(item);
    }
    if (request_.op.unpack) {
      STRATA_ASSIGN(const Fd file, item.content->open(item.prefix));
      STRATA_ASSIGN(const bool archive, is_archive(file));
      if (archive) {
        return copy_archive(item, file);
      }
    }
    return copy_file(item);
  }

  // The parents that the copy makes, as BuildKit makes them: --chmod is for them too.
  Result<std::string> make_parents(const std::string& path) {
    return editor_.make_directories(path, parents_owner(), mode_.value_or(0755));
  }

  // The entry with the op's owner and the times of its kind.
  TreeEntry owned(TreeEntry entry, std::string path, CopyItem::Times times) const {
    entry.path = std::move(path);
    if (request_.owner) {
      entry.uid = request_.owner->uid;
      entry.gid = request_.owner->gid;
    }
    entry.mtime =
        times == CopyItem::Times::Epoch ? request_.epoch : std::min(entry.mtime, request_.epoch);
    return entry;
  }

  // And with its mode. --chmod leaves symlinks alone.
  TreeEntry dressed(TreeEntry entry, std::string path, CopyItem::Times times) const {
    if (mode_ && entry.type != EntryType::Symlink) {
      entry.mode = *mode_;
    }
    return owned(std::move(entry), std::move(path), times);
  }

  static std::optional<FileSource> source_of(const CopyItem& item, const CopyEntry& named) {
    if (named.entry.type != EntryType::File) {
      return std::nullopt;
    }
    return FileSource{{item.content, join_path(item.prefix, named.entry.path)}, named.inode};
  }

  Result<void> copy_file(const CopyItem& item) {
    const std::string& dest = request_.op.dest;
    STRATA_ASSIGN(const std::string resolved, editor_.resolve(dest));
    std::string path;
    if (dest.ends_with('/') || editor_.is_directory(resolved)) {
      STRATA_ASSIGN(const std::string directory, make_parents(dest));
      path = join_path(directory, item.name);
    } else {
      const std::size_t start = dest.find_first_not_of('/');
      const std::string relative = dest.substr(std::min(start, dest.size()));
      STRATA_ASSIGN(const std::string directory, make_parents(std::string(parent_of(relative))));
      path = join_path(directory, base_name(relative));
    }
    const CopyEntry& named = item.entries.front();
    return editor_.put(dressed(named.entry, path, item.times), source_of(item, named));
  }

  Result<void> copy_directory(const CopyItem& item) {
    STRATA_ASSIGN(const std::string dest, editor_.resolve(request_.op.dest));
    if (editor_.is_directory(dest)) {
      // What is there keeps its attributes.
      return copy_content(item, dest);
    }
    const std::size_t start = dest.find_first_not_of('/');
    const std::string clean = ir_clean(dest.substr(std::min(start, dest.size())));
    STRATA_ASSIGN(const std::string parent, make_parents(std::string(parent_of(clean))));
    const std::string path = join_path(parent, base_name(clean));
    // A directory's contents are copied, not the directory: one that is made here is as BuildKit
    // makes it, 0755 and without attributes of the source's.
    TreeEntry made;
    made.type = EntryType::Directory;
    made.mode = 0755;
    STRATA_TRY(editor_.put(dressed(std::move(made), path, CopyItem::Times::Epoch), std::nullopt));
    return copy_content(item, path);
  }

  static std::string ir_clean(std::string path) {
    while (path.ends_with('/')) {
      path.pop_back();
    }
    return path;
  }

  // Everything below the item's own directory, into the directory `dest`.
  Result<void> copy_content(const CopyItem& item, const std::string& dest) {
    // Where each directory of the item landed: not where its name says when a symlink stood there.
    std::map<std::string, std::string> landed = {{"", dest}};
    for (const CopyEntry& named : item.entries) {
      const TreeEntry& entry = named.entry;
      if (entry.path.empty()) {
        continue;
      }
      const std::string path =
          join_path(landed[std::string(parent_of(entry.path))], base_name(entry.path));
      if (entry.type == EntryType::Directory) {
        const TreeEntry* there = editor_.find(path);
        if (there != nullptr && there->type == EntryType::Symlink) {
          STRATA_ASSIGN(const std::string target, editor_.resolve(path));
          if (editor_.is_directory(target)) {
            landed.emplace(entry.path, target);
            continue;
          }
        }
        landed.emplace(entry.path, path);
        STRATA_TRY(editor_.put(dressed(entry, path, item.times), std::nullopt));
        continue;
      }
      STRATA_TRY(editor_.put(dressed(entry, path, item.times), source_of(item, named)));
    }
    return {};
  }

  Result<void> copy_archive(const CopyItem& item, const Fd& file) {
    const std::string directory = fmt::format("{}/archive-{}", request_.scratch, archives_++);
    STRATA_TRY(make_directories(directory));
    auto unpacked = unpack_archive(file, directory);
    if (!unpacked) {
      return std::move(unpacked).error().with_context(item.name);
    }
    STRATA_ASSIGN(const std::string dest,
                  editor_.make_directories(request_.op.dest, parents_owner()));
    // Their targets are those of before: members replace names, not files.
    STRATA_ASSIGN(const auto links, links_out(unpacked->outside, dest));
    std::map<std::string, std::string> landed = {{"", dest}};
    STRATA_TRY(
        place_members(archive_item(item.name, unpacked->files), unpacked->implied, dest, landed));
    std::map<std::string, FileSource> sources;
    for (const LinkOut& link : links) {
      STRATA_TRY(place_link(link, landed, sources));
    }
    return {};
  }

  // A hard link of an archive to a file of the root that it is unpacked in.
  struct LinkOut {
    std::string path;    // in the archive
    std::string target;  // in the root
    TreeEditor::Standing file;
  };

  Result<std::vector<LinkOut>> links_out(const std::map<std::string, std::string>& outside,
                                         const std::string& top) {
    std::vector<LinkOut> links;
    for (const auto& [path, named] : outside) {
      // The last name may be a link, which has names itself.
      STRATA_ASSIGN(const std::string parent, editor_.resolve(std::string(parent_of(named)), top));
      std::string target = join_path(parent, base_name(named));
      std::optional<TreeEditor::Standing> file = editor_.standing(target);
      if (!file || file->entry.type == EntryType::Directory) {
        return Error{ErrorCode::Input, fmt::format("{}: is a hard link to `{}`, which is {}", path,
                                                   named, file ? "a directory" : "not there")};
      }
      links.push_back({path, std::move(target), *std::move(file)});
    }
    return links;
  }

  // As ln(1) leaves it in a layer: both names of the one file. `sources`: of the targets so far.
  Result<void> place_link(const LinkOut& link, const std::map<std::string, std::string>& landed,
                          std::map<std::string, FileSource>& sources) {
    const std::string path =
        join_path(landed.at(std::string(parent_of(link.path))), base_name(link.path));
    TreeEntry entry = owned(link.file.entry, path, CopyItem::Times::Clamped);
    if (entry.type != EntryType::File) {
      return editor_.put(std::move(entry), std::nullopt, TreeEditor::Replace::Anything);
    }
    auto [source, is_first] = sources.try_emplace(link.target);
    if (is_first) {
      STRATA_ASSIGN(source->second, source_of(link));
      const std::optional<TreeEditor::Standing> now = editor_.standing(link.target);
      if (now && now->entry == link.file.entry) {
        STRATA_TRY(
            editor_.put(owned(now->entry, link.target, CopyItem::Times::Clamped), source->second));
      }
    }
    return editor_.put(std::move(entry), source->second, TreeEditor::Replace::Anything);
  }

  // The bytes of what it links to, numbered as a file of several names.
  Result<FileSource> source_of(const LinkOut& link) {
    FileSource source;
    if (link.file.source) {
      source = *link.file.source;
    } else {
      STRATA_ASSIGN(source.bytes.content, request_.below_content());
      source.bytes.path = link.target;
    }
    if (source.inode == 0) {
      // Those of what is copied are counted from 1.
      source.inode = std::numeric_limits<std::size_t>::max() - links_++;
    }
    return source;
  }

  // As unpacking in `dest` would: a member gives its attributes to what it names and replaces what
  // is of another kind, links too; a directory that is only implied is the one that is there, or is
  // root's. --chmod is not for what an archive holds. `landed`: where its directories are.
  Result<void> place_members(const CopyItem& members, const std::set<std::string>& implied,
                             const std::string& dest, std::map<std::string, std::string>& landed) {
    for (const CopyEntry& named : members.entries) {
      const TreeEntry& entry = named.entry;
      if (entry.path.empty()) {
        continue;
      }
      std::string path =
          join_path(landed.at(std::string(parent_of(entry.path))), base_name(entry.path));
      if (implied.contains(entry.path)) {
        STRATA_ASSIGN(path, implied_directory(path, dest));
      } else {
        STRATA_TRY(editor_.put(owned(entry, path, members.times), source_of(members, named),
                               TreeEditor::Replace::Anything));
      }
      if (entry.type == EntryType::Directory) {
        landed.emplace(entry.path, std::move(path));
      }
    }
    return {};
  }

  // The directory that `path` leads to when `top` is the root: a new one if nothing is there.
  Result<std::string> implied_directory(const std::string& path, const std::string& top) {
    const TreeEntry* there = editor_.find(path);
    if (there == nullptr) {
      return editor_.make_directories(path, FileOwner{});
    }
    const std::size_t within = top.empty() ? 0 : top.size() + 1;
    STRATA_ASSIGN(std::string target, editor_.resolve(path.substr(within), top));
    if (!editor_.is_directory(target)) {
      return Error{ErrorCode::Input, fmt::format("`/{}` is in the way: it is no directory", path)};
    }
    return target;
  }

  const CopyRequest& request_;
  TreeEditor editor_;
  std::optional<std::uint32_t> mode_;
  int archives_ = 0;
  std::size_t links_ = 0;
};

}  // namespace

Result<TreeWithContent> copy_tree(const CopyRequest& request) { return Copier(request).run(); }

Result<TreeWithContent> mkdir_tree(const std::string& path, const FileOwner& owner,
                                   const RootView& below, std::int64_t epoch) {
  TreeEditor editor(below, epoch);
  STRATA_TRY(editor.make_directories(path, owner));
  return editor.take();
}

}  // namespace strata::backend
