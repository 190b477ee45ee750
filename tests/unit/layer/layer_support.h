#pragma once

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "backend/layer/layer.h"
#include "backend/tree/scan.h"

namespace strata::backend {

// A tree with its bytes.
struct Sample {
  Tree tree;
  std::map<std::string, std::string> files;

  TreeEntry& add(const std::string& path, EntryType type) {
    TreeEntry& entry = tree.entries.emplace_back();
    entry.path = path;
    entry.type = type;
    if (type != EntryType::Whiteout) {
      entry.mode = type == EntryType::Symlink ? 0777 : 0755;
      entry.mtime = 7;
    }
    return entry;
  }
  TreeEntry& add_file(const std::string& path, const std::string& data) {
    TreeEntry& entry = add(path, EntryType::File);
    entry.mode = 0644;
    entry.size = data.size();
    entry.sha256 = Digest::of(data);
    files[path] = data;
    return entry;
  }
};

class StringSink final : public ByteSink {
 public:
  Result<void> write(const void* data, std::size_t size) override {
    text_.append(static_cast<const char*>(data), size);
    return {};
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class NullSink final : public ByteSink {
 public:
  Result<void> write(const void* /*data*/, std::size_t /*size*/) override { return {}; }
};

inline std::string layer_bytes(const Sample& sample, const char* profile, unsigned jobs) {
  StringSink sink;
  const Result<LayerBlob> blob = write_layer(sample.tree, *memory_content(sample.files),
                                             *EmissionProfile::parse(profile), jobs, sink);
  EXPECT_TRUE(blob.ok()) << blob.error().message;
  return sink.text();
}

inline LayerBlob layer_of(const Sample& sample, const char* profile, unsigned jobs) {
  NullSink sink;
  const Result<LayerBlob> blob = write_layer(sample.tree, *memory_content(sample.files),
                                             *EmissionProfile::parse(profile), jobs, sink);
  EXPECT_TRUE(blob.ok());
  return blob ? *blob : LayerBlob();
}

inline Sample plain_sample() {
  Sample sample;
  sample.add("dir", EntryType::Directory);
  sample.add_file("dir/file", "hello");
  sample.add("dir/gone", EntryType::Whiteout);
  sample.add("link", EntryType::Symlink).link = "dir/file";
  sort_tree(sample.tree);
  return sample;
}

// Removes entries without a parent or a link's file, so that the invariants hold again.
inline void drop_orphans(Tree& tree) {
  Tree kept;
  for (TreeEntry& entry : tree.entries) {
    const std::size_t slash = entry.path.rfind('/');
    const bool has_parent =
        slash == std::string::npos || kept.find(entry.path.substr(0, slash)) != nullptr;
    const bool has_file = entry.type != EntryType::Hardlink || kept.find(entry.link) != nullptr;
    if (has_parent && has_file) {
      kept.entries.push_back(std::move(entry));
    }
  }
  tree = std::move(kept);
}

// What a directory on disk holds.
inline Tree scanned(const std::string& directory) {
  Result<Tree> tree = scan_upper(directory, RootView({}), {std::int64_t{1} << 40, 1});
  EXPECT_TRUE(tree.ok()) << tree.error().message;
  return tree ? *std::move(tree) : Tree();
}

// Names at the limits of tar fields, odd bytes, links, devices, xattrs; `bytes` of content in all.
inline Sample random_sample(unsigned seed, std::size_t bytes) {
  std::mt19937 random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  const std::vector<std::string> names = {"a",
                                          "b c",
                                          "é\xcc\x81",
                                          "raw\xff\xfe",
                                          "new\nline",
                                          std::string(99, 'n'),
                                          std::string(100, 'm'),
                                          std::string(101, 'k'),
                                          std::string(200, 'x'),
                                          "-x",
                                          "'"};
  std::set<std::string> paths;
  std::vector<std::string> directories{""};
  Sample sample;
  std::vector<std::string> plain_files;
  for (int i = 0; i < 40; ++i) {
    const std::string& parent = directories[below(directories.size())];
    const std::string path = (parent.empty() ? "" : parent + "/") + names[below(names.size())] +
                             (below(2) == 0 ? std::to_string(i) : "");
    if (!paths.insert(path).second) {
      continue;
    }
    const std::size_t kind = below(10);
    if (kind < 3) {
      sample.add(path, EntryType::Directory).mode = 0700 | static_cast<std::uint32_t>(below(01000));
      directories.push_back(path);
    } else if (kind < 7) {
      std::string data(below(2 * bytes / 16 + 1), '\0');
      for (char& byte : data) {
        byte = static_cast<char>(below(3) == 0 ? below(256) : 'e');
      }
      TreeEntry& entry = sample.add_file(path, data);
      entry.uid = below(3) == 0 ? 2097152U + static_cast<unsigned>(below(5)) : 0;
      entry.gid = static_cast<std::uint32_t>(below(3));
      entry.mtime = below(4) == 0 ? -1 - static_cast<std::int64_t>(below(9)) : 1'500'000'000;
      entry.mtime = below(4) == 0 ? (std::int64_t{1} << 33) + 1 : entry.mtime;
      if (below(3) == 0) {
        entry.xattrs = {{"user.a", std::string("\0\n=x", 4)}, {"user.b", ""}};
      }
      plain_files.push_back(path);
    } else if (kind == 7) {
      sample.add(path, EntryType::Symlink).link =
          below(2) == 0 ? "../raw\xff" : std::string(150, 'l');
    } else if (kind == 8) {
      sample.add(path, EntryType::Fifo);
    } else {
      sample.add(path, EntryType::Whiteout);
    }
  }
  sort_tree(sample.tree);
  // Hard links: to a file whose path is smaller.
  if (!plain_files.empty()) {
    const std::string& target = plain_files.front();
    const std::string path = "zz-hard";
    TreeEntry link = *sample.tree.find(target);
    link.path = path;
    link.type = EntryType::Hardlink;
    link.link = target;
    link.size = 0;
    link.sha256 = Digest();
    link.xattrs.clear();
    if (target < path && paths.count(path) == 0) {
      sample.tree.entries.push_back(link);
      sort_tree(sample.tree);
    }
  }
  return sample;
}

}  // namespace strata::backend
