// Small archives that would take the machine, and the rules for names that no file system has.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "backend/layer/archive_reader.h"
#include "backend/layer/budget.h"
#include "backend/layer/layer.h"
#include "backend/layer/member_tree.h"
#include "backend/system/beneath.h"
#include "backend/system/interrupt.h"
#include "tests/unit/layer/layer_support.h"
#include "tests/unit/layer/raw_tar.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::backend {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

Result<ReadLayer> read(const RawTar& tar, const RootView& below = RootView({}),
                       const ReadLayerOptions& options = {}) {
  const TempDirectory dir;
  dir.write("blob", tar.text());
  return read_layer(dir.at("blob"), below, options);
}

// Corrupt; the message names the layer, the member, and why.
void expect_refused(const Result<ReadLayer>& layer, const std::string& member,
                    const std::string& why) {
  ASSERT_FALSE(layer.ok());
  EXPECT_EQ(layer.error().code, ErrorCode::Corrupt);
  for (const std::string& part : {std::string("blob"), member, why}) {
    EXPECT_NE(layer.error().message.find(part), std::string::npos) << layer.error().message;
  }
  EXPECT_LT(layer.error().message.size(), 1000U);
}

TEST(ArchiveLimits, PathsAreAtMost4096Bytes) {
  const std::string deep = repeated("d/", 32'500) + "x";
  expect_refused(read(RawTar().pax({{"path", deep}}).file("x", "")), "d/d/", "4096 bytes");
  const std::string longest = repeated("d/", 2047) + "xy";
  ASSERT_EQ(longest.size(), 4096U);
  const TempDirectory out;
  ReadLayerOptions options;
  options.unpack_to = out.path();
  const Result<ReadLayer> layer =
      read(RawTar().pax({{"path", longest}}).file("x", "deep"), RootView({}), options);
  ASSERT_OK(layer);
  ASSERT_NE(layer->tree.find(longest), nullptr);
  const Fd root(::open(out.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Fd file = open_beneath(root.get(), longest, O_RDONLY);
  ASSERT_TRUE(file.valid());
  EXPECT_EQ(*read_all(file, "x"), "deep");
  expect_refused(read(RawTar().pax({{"path", longest + "z"}}).file("x", "")), "d/d/", "4096 bytes");
  // Neither links nor whiteouts are a way around it.
  expect_refused(read(RawTar()
                          .pax({{"linkpath", repeated("d/", 2000)}})
                          .add("l", EntryType::Symlink, "x")
                          .pax({{"path", "l/" + repeated("e/", 100) + "x"}})
                          .file("x", "")),
                 "l/e/", "4096 bytes");
  expect_refused(
      read(RawTar().pax({{"linkpath", repeated("d/", 2100)}}).add("l", EntryType::Symlink, "x")),
      "l", "4096 bytes");
  expect_refused(read(RawTar().pax({{"path", repeated("d/", 2046) + ".wh.xyzz"}}).file("x", "")),
                 "d/d/", "4096 bytes");
}

TEST(ArchiveLimits, NamesAreAtMost255Bytes) {
  ASSERT_OK(read(RawTar().pax({{"path", std::string(255, 'n')}}).file("x", "")));
  expect_refused(read(RawTar().pax({{"path", std::string(256, 'n')}}).file("x", "")), "nnn",
                 "255 bytes");
  expect_refused(read(RawTar().pax({{"path", "d/" + std::string(300, 'n') + "/y"}}).file("x", "")),
                 "d/nnn", "255 bytes");
}

TEST(ArchiveLimits, MembersWithoutANameAreSkipped) {
  const Result<ReadLayer> layer = read(RawTar().file("", "nothing").file("f", "x"));
  ASSERT_OK(layer);
  EXPECT_EQ(layer->tree.entries.size(), 1U);
  EXPECT_NE(layer->tree.find("f"), nullptr);
}

TEST(ArchiveLimits, TheMapOfASparseFileIsBounded) {
  const std::string map = "1000000\n" + repeated("0\n0\n", 1'000'000);
  const Pairs sparse = {{"GNU.sparse.major", "1"},
                        {"GNU.sparse.minor", "0"},
                        {"GNU.sparse.name", "sparse"},
                        {"GNU.sparse.realsize", "10"}};
  expect_refused(read(RawTar().file("before", "").pax(sparse).file("s", map)), "after before",
                 "2 MiB");
  // An honest one is read.
  std::string small = "1\n1048576\n4\n";
  small.resize(kTarBlock, '\0');
  Pairs honest = sparse;
  honest.back().second = "1048580";
  const Result<ReadLayer> layer = read(RawTar().pax(honest).file("s", small + "data"));
  ASSERT_OK(layer);
  EXPECT_EQ(layer->tree.find("sparse")->sha256,
            Digest::of(std::string(std::size_t{1} << 20, '\0') + "data"));
}

// Compressed it is some kilobytes, which is not what counts.
TEST(ArchiveLimits, TheMapOfASparseFileOfACompressedArchiveIsBounded) {
  const TempDirectory dir;
  dir.write("bomb.tar", RawTar()
                            .file("before", "")
                            .pax({{"GNU.sparse.major", "1"},
                                  {"GNU.sparse.minor", "0"},
                                  {"GNU.sparse.name", "sparse"},
                                  {"GNU.sparse.realsize", "10"}})
                            .file("s", "1000000\n" + repeated("0\n0\n", 1'000'000))
                            .text());
  ASSERT_EQ(std::system(("xz " + dir.at("bomb.tar")).c_str()), 0);
  dir.directory("out");
  const Result<Fd> file = open_read(dir.at("bomb.tar.xz"));
  ASSERT_OK(file);
  const Result<UnpackedArchive> unpacked = unpack_archive(*file, dir.at("out"));
  ASSERT_FALSE(unpacked.ok());
  EXPECT_EQ(unpacked.error().code, ErrorCode::Input);
  EXPECT_NE(unpacked.error().message.find("2 MiB"), std::string::npos) << unpacked.error().message;
}

TEST(ArchiveLimits, ContentIsBoundedByTheArchivesSize) {
  const auto hole = [](const std::string& size) {
    std::string map = "1\n0\n0\n";
    map.resize(kTarBlock, '\0');
    return RawTar()
        .pax({{"GNU.sparse.major", "1"},
              {"GNU.sparse.minor", "0"},
              {"GNU.sparse.name", "hole"},
              {"GNU.sparse.realsize", size}})
        .file("s", map);
  };
  expect_refused(read(hole("2147483648")), "hole", "unpacks to more than");
  expect_refused(read(hole("1099511627776")), "hole", "unpacks to more than");
  expect_refused(read(hole("9223372036854775807")), "hole", "");
}

// What a member brings, when the rest of the archive took all but 50,000 bytes.
Result<void> brought(std::vector<TreeEntry> members, const RootView& below = RootView({})) {
  ArchiveBudget budget(0, 0);
  EXPECT_TRUE(budget.take_memory("the rest", (std::uint64_t{256} << 20) - 50'000).ok());
  MemberTree tree(below, MemberTree::Names::Layer, budget);
  for (TreeEntry& member : members) {
    const auto added = tree.add(std::move(member));
    if (!added) {
      return added.error();
    }
  }
  const auto finished = tree.finish();
  return finished ? Result<void>() : finished.error();
}

TreeEntry member(const std::string& path, EntryType type = EntryType::File) {
  TreeEntry entry;
  entry.path = path;
  entry.type = type;
  return entry;
}

TEST(ArchiveLimits, OneBudgetForAllThatMembersBring) {
  EXPECT_OK(brought({member("few/names")}));
  std::vector<TreeEntry> names;
  std::vector<TreeEntry> whiteouts;
  std::vector<TreeEntry> again;
  for (int i = 0; i < 200; ++i) {
    names.push_back(member("name" + std::to_string(i)));
    whiteouts.push_back(member("d/.wh.name" + std::to_string(i)));
    again.push_back(member("same"));
  }
  TreeEntry xattrs = member("x");
  xattrs.xattrs = {{"user.large", std::string(60'000, 'v')}};
  TreeEntry link = member("l", EntryType::Symlink);
  link.link = std::string(4000, 'l');
  const std::vector<std::vector<TreeEntry>> all = {names,
                                                   whiteouts,
                                                   again,
                                                   {xattrs},
                                                   std::vector<TreeEntry>(20, link),
                                                   {member(repeated("d/", 300) + "x")}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Result<void> result = brought(all[i]);
    ASSERT_FALSE(result.ok()) << i;
    EXPECT_EQ(result.error().code, ErrorCode::Corrupt) << i;
    EXPECT_NE(result.error().message.find("of memory"), std::string::npos);
  }
  // An opaque marker stands for a whiteout of each name.
  auto lower = std::make_shared<Tree>();
  for (int i = 100; i < 400; ++i) {
    lower->entries.push_back(member("n" + std::to_string(i)));
  }
  sort_tree(*lower);
  EXPECT_FALSE(brought({member(".wh..wh..opq")}, RootView({lower})).ok());
}

TEST(ArchiveLimits, TheBudgetGrowsWithTheArchive) {
  ArchiveBudget large(std::uint64_t{1} << 30, std::uint64_t{64} << 30);
  EXPECT_OK(large.take_memory("m", std::uint64_t{20} << 30));
  EXPECT_FALSE(large.take_memory("m", std::uint64_t{1} << 30).ok());
  EXPECT_EQ(large.content_limit(), std::uint64_t{64} << 30);
  EXPECT_OK(large.take_content("m", std::uint64_t{64} << 30));
  EXPECT_FALSE(large.take_content("m", 1).ok());
  ArchiveBudget none(~std::uint64_t{0}, ~std::uint64_t{0});
  EXPECT_OK(none.take_memory("m", std::uint64_t{1} << 50));
  EXPECT_FALSE(none.take_content("m", ~std::uint64_t{0}).ok());
}

// Each name of below is looked at once, however the markers are nested.
TEST(ArchiveLimits, NestedOpaqueDirectories) {
  constexpr std::size_t kDepth = 500;
  auto lower = std::make_shared<Tree>();
  std::string path;
  RawTar tar;
  tar.file(".wh..wh..opq", "");
  for (std::size_t i = 0; i < kDepth; ++i) {
    path += path.empty() ? "d" : "/d";
    lower->entries.push_back(member(path, EntryType::Directory));
    lower->entries.push_back(member(path + "/f"));
    tar.pax({{"path", path + "/"}}).add("d", EntryType::Directory);
    if (i % 2 == 0) {
      tar.pax({{"path", path + "/.wh..wh..opq"}}).file("x", "");
    }
  }
  sort_tree(*lower);
  const Result<ReadLayer> layer = read(tar, RootView({lower}));
  ASSERT_OK(layer);
  EXPECT_EQ(layer->tree.find("d/d/d/f")->type, EntryType::Whiteout);
  EXPECT_EQ(layer->tree.find("d/d/d")->type, EntryType::Directory);
}

// What the layer removed is neither followed nor the model of what it makes.
TEST(ArchiveLimits, RemovedDirectoriesAreNoParents) {
  auto lower = std::make_shared<Tree>();
  lower->entries = {member("d", EntryType::Directory), member("d/l", EntryType::Symlink),
                    member("d/sub", EntryType::Directory), member("usr", EntryType::Directory)};
  lower->entries[0].mode = 0700;
  lower->entries[1].link = "../usr";
  lower->entries[2].mode = 0711;
  sort_tree(*lower);
  const Result<ReadLayer> layer =
      read(RawTar().file(".wh.d", "").file("d/l/x", "x").file("d/sub/y", "y"), RootView({lower}));
  ASSERT_OK(layer);
  EXPECT_EQ(layer->tree.find("usr"), nullptr);
  ASSERT_NE(layer->tree.find("d/l/x"), nullptr);
  EXPECT_EQ(layer->tree.find("d/l")->type, EntryType::Directory);
  EXPECT_EQ(layer->tree.find("d")->mode, 0755U);
  EXPECT_EQ(layer->tree.find("d/sub")->mode, 0755U);
  const Result<ReadLayer> linked =
      read(RawTar().file(".wh.d", "").add("h", EntryType::Hardlink, "d/l"), RootView({lower}));
  expect_refused(linked, "h", "not there");
}

// A link to its own directory, replaced by way of itself.
TEST(ArchiveLimits, AWayThroughALinkIsFollowedAnew) {
  const Result<ReadLayer> layer = read(RawTar()
                                           .add("l", EntryType::Symlink, ".")
                                           .file("l/one", "1")
                                           .add("l/l", EntryType::Directory)
                                           .file("l/two", "2"));
  ASSERT_OK(layer);
  EXPECT_NE(layer->tree.find("one"), nullptr);
  EXPECT_NE(layer->tree.find("l/two"), nullptr);
  EXPECT_EQ(layer->tree.find("two"), nullptr);
}

TEST(ArchiveLimits, WhatBecameAFileAndADirectoryAgainIsEmpty) {
  auto lower = std::make_shared<Tree>();
  lower->entries = {member("d", EntryType::Directory), member("d/old")};
  sort_tree(*lower);
  const Result<ReadLayer> layer = read(
      RawTar().file("d", "f").add("d", EntryType::Directory).file("d/new", "n"), RootView({lower}));
  ASSERT_OK(layer);
  EXPECT_EQ(layer->tree.find("d/old")->type, EntryType::Whiteout);
  EXPECT_EQ(layer->tree.find("d/new")->type, EntryType::File);
}

// The flag stays once it is set, so each runs in a process of its own.
TEST(ArchiveLimits, ReadingAndWritingEndAtAnInterrupt) {
  const auto ends = [](const auto& work) {
    EXPECT_EXIT(
        {
          request_interrupt();
          const auto result = work();
          ::_exit(!result.ok() && result.error().code == ErrorCode::Interrupted ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
  };
  const Sample sample = plain_sample();
  ends([&] { return read(RawTar().file("f", "x")); });
  ends([&] {
    StringSink sink;
    return write_layer(sample.tree, *memory_content(sample.files), EmissionProfile(), 1, sink);
  });
  ends([&] {
    const TempDirectory dir;
    return materialize(sample.tree, *memory_content(sample.files), dir.path());
  });
  const TempDirectory dir;
  dir.write("d/f", "x");
  ends([&] { return scan_upper(dir.path(), RootView({}), {0, 1}); });
}

}  // namespace
}  // namespace strata::backend
