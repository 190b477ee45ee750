// read_layer: layers as other tools write them, and archives that want out.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/layer/layer.h"
#include "backend/layer/tar_writer.h"
#include "tests/unit/layer/layer_support.h"
#include "tests/unit/layer/raw_tar.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::backend {
namespace {

// The lower layer of most tests: usr/bin with a link bin, a file, a directory.
RootView lower() {
  Sample sample;
  sample.add("usr", EntryType::Directory).uid = 3;
  sample.add("usr/bin", EntryType::Directory).mode = 0711;
  sample.add_file("usr/bin/sh", "shell");
  sample.add("bin", EntryType::Symlink).link = "usr/bin";
  sample.add("d", EntryType::Directory);
  sample.add_file("d/1", "1");
  sample.add_file("d/2", "2");
  sort_tree(sample.tree);
  return RootView({std::make_shared<Tree>(sample.tree)});
}

std::vector<std::string> shape(const Tree& tree) {
  std::vector<std::string> lines;
  for (const TreeEntry& entry : tree.entries) {
    lines.push_back(std::string(1, static_cast<char>(entry.type)) + " " + entry.path +
                    (entry.link.empty() ? "" : " -> " + entry.link));
  }
  return lines;
}
using Lines = std::vector<std::string>;

Result<ReadLayer> read(const std::string& bytes, const RootView& below,
                       const ReadLayerOptions& options = {}) {
  const TempDirectory dir;
  dir.write("blob", bytes);
  return read_layer(dir.at("blob"), below, options);
}

TEST(ReadLayer, ImpliedParentsAreThoseBelowThroughItsLinks) {
  const Result<ReadLayer> layer =
      read(RawTar().file("bin/new", "x").file("a/b", "y").text(), lower());
  ASSERT_OK(layer);
  EXPECT_EQ(shape(layer->tree), (Lines{"d a", "f a/b", "d usr", "d usr/bin", "f usr/bin/new"}));
  EXPECT_EQ(layer->tree.find("usr")->uid, 3U);
  EXPECT_EQ(layer->tree.find("usr/bin")->mode, 0711U);
  EXPECT_EQ(layer->tree.find("a")->mode, 0755U);
}

TEST(ReadLayer, WhiteoutsOpaqueMarkersAndTheirOrder) {
  const std::string tar = RawTar()
                              .file("d/2", "again")
                              .file("d/.wh.2", "")
                              .file("d/.wh.1", "")
                              .file("d/.wh.nothing", "")
                              .file("x/.wh.nothing", "")
                              .file(".wh..wh.plnk", "")
                              .text();
  const Result<ReadLayer> layer = read(tar, lower());
  ASSERT_OK(layer);
  EXPECT_EQ(shape(layer->tree), (Lines{"d d", "w d/1", "f d/2"}));

  const Result<ReadLayer> opaque =
      read(RawTar().file("d/2", "2").file("d/.wh..wh..opq", "").text(), lower());
  ASSERT_OK(opaque);
  EXPECT_EQ(shape(opaque->tree), (Lines{"d d", "w d/1", "f d/2"}));

  const Result<ReadLayer> root = read(RawTar().file(".wh..wh..opq", "").text(), lower());
  ASSERT_OK(root);
  EXPECT_EQ(shape(root->tree), (Lines{"w bin", "w d", "w usr"}));

  // Removed and made again: what was in it is gone.
  const Result<ReadLayer> remade =
      read(RawTar().add("d", EntryType::Directory).file(".wh.d", "").text(), lower());
  ASSERT_OK(remade);
  EXPECT_EQ(shape(remade->tree), (Lines{"d d", "w d/1", "w d/2"}));
}

TEST(ReadLayer, LaterMembersReplaceEarlierOnes) {
  const std::string tar = RawTar()
                              .add("a", EntryType::Directory)
                              .file("a/x", "lost")
                              .add("a", EntryType::Symlink, "b")
                              .file("f", "one")
                              .file("f", "two")
                              .text();
  const TempDirectory out;
  ReadLayerOptions options;
  options.unpack_to = out.path();
  const Result<ReadLayer> layer = read(tar, RootView({}), options);
  ASSERT_OK(layer);
  EXPECT_EQ(shape(layer->tree), (Lines{"l a -> b", "f f"}));
  EXPECT_EQ(*read_file(out.at("f")), "two");
  EXPECT_EQ(list_directory(out.path())->size(), 2U);
}

TEST(ReadLayer, HardLinksWithinAndIntoLowerLayers) {
  const std::string within = RawTar().file("z", "data").add("a", EntryType::Hardlink, "./z").text();
  const TempDirectory out;
  ReadLayerOptions options;
  options.unpack_to = out.path();
  const Result<ReadLayer> layer = read(within, RootView({}), options);
  ASSERT_OK(layer);
  EXPECT_EQ(shape(layer->tree), (Lines{"f a", "h z -> a"}));
  EXPECT_EQ(*read_file(out.at("a")), "data");
  struct stat info {};
  ASSERT_EQ(::stat(out.at("z").c_str(), &info), 0);
  EXPECT_EQ(info.st_nlink, 2U);

  const std::string into = RawTar().add("copy", EntryType::Hardlink, "bin/sh").text();
  const Result<ReadLayer> tree_only = read(into, lower());
  ASSERT_OK(tree_only);
  EXPECT_EQ(shape(tree_only->tree), (Lines{"f copy"}));
  EXPECT_EQ(tree_only->tree.find("copy")->sha256, Digest::of("shell"));

  const TempDirectory second;
  options.unpack_to = second.path();
  const Result<ReadLayer> without = read(into, lower(), options);
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error().code, ErrorCode::Corrupt);
  const TempDirectory third;
  options.unpack_to = third.path();
  const auto bytes = memory_content({{"usr/bin/sh", "shell"}});
  options.open_below = [&](const RootView::Found& found) { return bytes->open(found.entry->path); };
  ASSERT_OK(read(into, lower(), options));
  EXPECT_EQ(*read_file(third.at("copy")), "shell");
}

TEST(ReadLayer, LinksToOneFileOfALowerLayerAreOneFile) {
  Sample sample;
  sample.add_file("a", "shell").xattrs = {{"user.kept", "1"}};
  TreeEntry& b = sample.add_file("b", "");
  make_hard_link(b, "a");
  sort_tree(sample.tree);
  Sample above;
  above.add_file("a", "other");
  const RootView below({std::make_shared<Tree>(sample.tree), std::make_shared<Tree>(above.tree)});
  const std::string tar = RawTar()
                              .add("l1", EntryType::Hardlink, "b")
                              .add("l2", EntryType::Hardlink, "b")
                              .add("m", EntryType::Hardlink, "a")
                              .text();
  const TempDirectory out;
  ReadLayerOptions options;
  options.unpack_to = out.path();
  const auto lowest = memory_content({{"a", "shell"}});
  const auto upper = memory_content({{"a", "other"}});
  options.open_below = [&](const RootView::Found& found) {
    return (found.layer == 0 ? lowest : upper)->open(found.entry->path);
  };
  const Result<ReadLayer> layer = read(tar, below, options);
  ASSERT_OK(layer);
  EXPECT_EQ(shape(layer->tree), (Lines{"f l1", "h l2 -> l1", "f m"}));
  EXPECT_EQ(layer->tree.find("l1")->xattrs.size(), 1U);
  EXPECT_EQ(*read_file(out.at("l2")), "shell");
  EXPECT_EQ(*read_file(out.at("m")), "other");
  struct stat info {};
  ASSERT_EQ(::stat(out.at("l1").c_str(), &info), 0);
  EXPECT_EQ(info.st_nlink, 2U);
}

// Each would touch `outside`, or the root itself, if it were believed.
TEST(ReadLayer, HostileNamesAndLinksStayInside) {
  const TempDirectory dir;
  dir.write("outside/victim", "safe");
  const std::string outside = dir.at("outside");
  const std::vector<RawTar> archives = {
      RawTar().file("../outside/new", "x"),
      RawTar().file("a/../../outside/new", "x"),
      RawTar().file(outside + "/new", "x"),
      RawTar().add("l", EntryType::Symlink, outside).file("l/new", "x"),
      RawTar().add("l", EntryType::Symlink, "../outside").file("l/victim", "x"),
      RawTar().add("l", EntryType::Symlink, outside).add("l/d", EntryType::Directory),
      RawTar().add("h", EntryType::Hardlink, "../outside/victim").file("h", "x"),
      RawTar().add("h", EntryType::Hardlink, outside + "/victim"),
      RawTar().add("l", EntryType::Symlink, outside).add("h", EntryType::Hardlink, "l/victim"),
      RawTar().add("l", EntryType::Symlink, outside).file("l/.wh.victim", ""),
      RawTar().add("l", EntryType::Symlink, outside + "/victim").file("l", "x"),
      RawTar().file(".wh..", ""),
      RawTar().file(".wh...", ""),
      RawTar().file(".wh.", ""),
      RawTar().add("./", EntryType::Symlink, outside),
      RawTar().file("/", "x"),
      RawTar().add("loop", EntryType::Symlink, "loop").file("loop/x", "y"),
      RawTar().file("f", "x").file("f/below", "y"),
      RawTar().add("dev", EntryType::Char),
      RawTar().add("d", EntryType::Directory).add("h", EntryType::Hardlink, "d"),
      RawTar().add("h", EntryType::Hardlink, "h"),
  };
  for (std::size_t i = 0; i < archives.size(); ++i) {
    const std::string root = "root" + std::to_string(i);
    dir.directory(root);
    ReadLayerOptions options;
    options.unpack_to = dir.at(root);
    const Result<ReadLayer> layer = read(archives[i].text(), RootView({}), options);
    if (!layer) {
      EXPECT_EQ(layer.error().code, ErrorCode::Corrupt) << i << layer.error().message;
    }
    EXPECT_EQ(*list_directory(outside), (Lines{"victim"})) << i;
    EXPECT_EQ(*read_file(outside + "/victim"), "safe") << i;
  }
  EXPECT_EQ(list_directory(dir.path())->size(), archives.size() + 1);
}

TEST(ReadLayer, OverlayAttributesAreDropped) {
  Sample sample;
  TreeEntry& entry = sample.add_file("f", "x");
  entry.xattrs = {
      {"trusted.overlay.redirect", "/etc"}, {"user.keep", "1"}, {"user.overlay.opaque", "y"}};
  const Result<ReadLayer> layer = read(layer_bytes(sample, "none", 1), RootView({}));
  ASSERT_OK(layer);
  EXPECT_EQ(layer->tree.find("f")->xattrs, (ir::Pairs{{"user.keep", "1"}}));
}

TEST(ReadLayer, DamagedStreamsAreErrors) {
  const Sample sample = random_sample(9, 200'000);
  for (const char* profile : {"gzip", "zstd"}) {
    const std::string good = layer_bytes(sample, profile, 2);
    ASSERT_OK(read(good, RootView({})));
    std::string flipped = good;
    flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 0x10);
    const std::vector<std::string> bad = {good + "garbage", good.substr(0, good.size() - 3),
                                          good.substr(0, good.size() / 2), flipped};
    for (std::size_t i = 0; i < bad.size(); ++i) {
      const Result<ReadLayer> layer = read(bad[i], RootView({}));
      ASSERT_FALSE(layer.ok()) << profile << i;
      EXPECT_EQ(layer.error().code, ErrorCode::Corrupt);
    }
  }
}

TEST(ReadLayer, BombsEndAtTheLimit) {
  ReadLayerOptions options;
  options.max_bytes = 1 << 20;
  Sample sample;
  sample.add_file("zeros", std::string(std::size_t{4} << 20, '\0'));
  const Result<ReadLayer> big = read(layer_bytes(sample, "gzip", 1), RootView({}), options);
  ASSERT_FALSE(big.ok());
  EXPECT_EQ(big.error().code, ErrorCode::Corrupt);
  // Padding behind the end of the archive counts as well.
  const Result<ReadLayer> padded =
      read(RawTar().file("f", "x").text() + std::string(2 << 20, '\0'), RootView({}), options);
  EXPECT_FALSE(padded.ok());
  const Result<ReadLayer> some =
      read(RawTar().file("f", "x").text() + std::string(9999, '\0'), RootView({}), options);
  ASSERT_OK(some);
}

// Headers at random: nothing crashes and nothing leaves the root.
TEST(ReadLayer, SurvivesRandomDamage) {
  std::mt19937 random(11);
  for (unsigned round = 0; round < 400; ++round) {
    const Sample sample = random_sample(round % 8, 2'000);
    std::string bytes = layer_bytes(sample, "none", 1);
    for (int i = 0; i < 3; ++i) {
      const std::size_t block = random() % (bytes.size() / kTarBlock);
      bytes[block * kTarBlock + random() % kTarBlock] = static_cast<char>(random());
      std::string header = bytes.substr(block * kTarBlock, kTarBlock);
      RawTar::fix_checksum(header);
      bytes.replace(block * kTarBlock, kTarBlock, header);
    }
    ReadLayerOptions options;
    options.max_bytes = 10 << 20;
    const Result<ReadLayer> layer = read(bytes, lower(), options);
    if (layer) {
      EXPECT_TRUE(parse_tree(print_tree(layer->tree)).ok());
    }
  }
}

Fd opened(const std::string& path) {
  Result<Fd> fd = open_read(path);
  EXPECT_TRUE(fd.ok());
  return fd ? *std::move(fd) : Fd();
}

TEST(Archive, KnownByContentAndUnpackedWhateverTheCompression) {
  const TempDirectory dir;
  dir.write("in/d/\xc3\xa9", "text");
  dir.write("in/.wh.kept", "an ordinary name here");
  ASSERT_EQ(::link(dir.at("in/.wh.kept").c_str(), dir.at("in/other").c_str()), 0);
  const std::vector<std::pair<std::string, std::string>> tools = {
      {"a.tar", ""}, {"a.tgz", "z"}, {"a.tbz", "j"}, {"a.txz", "J"}, {"a.tzst", " --zstd "}};
  for (const auto& [name, flag] : tools) {
    std::string command = "cd " + dir.path() + " && tar --format=pax -c";
    command.append(flag.size() > 1 ? "" : flag).append("f ").append(name);
    command.append(flag.size() > 1 ? flag : "").append(" -C in . 2>/dev/null");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    const Fd file = opened(dir.at(name));
    const Result<bool> known = is_archive(file);
    ASSERT_OK(known);
    EXPECT_TRUE(*known) << name;
    dir.directory("out-" + name);
    const Result<UnpackedArchive> unpacked = unpack_archive(file, dir.at("out-" + name));
    ASSERT_OK(unpacked);
    const Tree& tree = *unpacked->files.tree;
    ASSERT_NE(tree.find("d/\xc3\xa9"), nullptr);
    EXPECT_EQ(tree.find("d/\xc3\xa9")->sha256, Digest::of("text"));
    EXPECT_EQ(tree.find("other")->link, ".wh.kept");
    const Result<Fd> content = unpacked->files.content->open(".wh.kept");
    ASSERT_OK(content);
    EXPECT_EQ(*read_all(*content, "x"), "an ordinary name here");
  }
}

TEST(Archive, OtherFilesAreNone) {
  const TempDirectory dir;
  dir.write("empty", "");
  dir.write("text", std::string(5000, 't'));
  dir.write("zeros", std::string(10240, '\0'));
  ASSERT_EQ(std::system(("gzip -k " + dir.at("text")).c_str()), 0);
  for (const char* name : {"empty", "text", "zeros", "text.gz"}) {
    const Result<bool> known = is_archive(opened(dir.at(name)));
    ASSERT_OK(known);
    EXPECT_FALSE(*known) << name;
  }
}

TEST(Archive, HostileOnesAreWrongInput) {
  const TempDirectory dir;
  dir.write("bad.tar", RawTar().file("../x", "x").text());
  dir.directory("out");
  const Result<UnpackedArchive> unpacked = unpack_archive(opened(dir.at("bad.tar")), dir.at("out"));
  ASSERT_FALSE(unpacked.ok());
  EXPECT_EQ(unpacked.error().code, ErrorCode::Input);
  EXPECT_FALSE(exists(dir.at("x")));
}

// The names in pax records are bytes: no locale, no normalization (e and a combining accent stay
// two characters).
TEST(Archive, NamesAreBytesInAnyLocale) {
  const TempDirectory dir;
  const std::string decomposed = "e\xcc\x81" + std::string(120, 'x');
  dir.write("in/" + decomposed, "1");
  dir.write("in/raw\xff" + std::string(120, 'x'), "2");
  const std::string command =
      "cd " + dir.path() + " && LC_ALL=C tar --format=pax -cf a.tar -C in . 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const char* locale : {"C", "C.UTF-8", "tr_TR.UTF-8"}) {
    if (::setlocale(LC_ALL, locale) == nullptr) {
      continue;
    }
    dir.directory(std::string("out-") + locale);
    const Result<UnpackedArchive> unpacked =
        unpack_archive(opened(dir.at("a.tar")), dir.at(std::string("out-") + locale));
    (void)::setlocale(LC_ALL, "C");
    ASSERT_OK(unpacked);
    EXPECT_NE(unpacked->files.tree->find(decomposed), nullptr) << locale;
    EXPECT_NE(unpacked->files.tree->find("raw\xff" + std::string(120, 'x')), nullptr) << locale;
  }
}

}  // namespace
}  // namespace strata::backend
