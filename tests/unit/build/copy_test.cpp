// Where COPY, ADD and WORKDIR put things, over roots that are never unpacked.
#include "backend/build/copy.h"

#include <gtest/gtest.h>

#include "backend/system/files.h"
#include "tests/unit/layer/raw_tar.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::backend {
namespace {

constexpr std::int64_t kEpoch = 1000000000;

TreeEntry directory(const std::string& path, std::uint32_t mode = 0755, std::uint32_t uid = 0) {
  TreeEntry entry;
  entry.path = path;
  entry.type = EntryType::Directory;
  entry.mode = mode;
  entry.uid = uid;
  entry.gid = uid;
  entry.mtime = 7;
  return entry;
}

TreeEntry symlink(const std::string& path, const std::string& target) {
  TreeEntry entry;
  entry.path = path;
  entry.type = EntryType::Symlink;
  entry.mode = 0777;
  entry.link = target;
  return entry;
}

TreeEntry file(const std::string& path, const std::string& content, std::uint32_t mode = 0644) {
  TreeEntry entry;
  entry.path = path;
  entry.mode = mode;
  entry.size = content.size();
  entry.sha256 = Digest::of(content);
  entry.mtime = 5;
  return entry;
}

TreeEntry hard_link(const std::string& path, const TreeEntry& target) {
  TreeEntry entry = target;
  entry.path = path;
  make_hard_link(entry, target.path);
  return entry;
}

std::shared_ptr<const Tree> layer(std::vector<TreeEntry> entries) {
  Tree tree{std::move(entries)};
  sort_tree(tree);
  return std::make_shared<const Tree>(std::move(tree));
}

RootView view(std::vector<TreeEntry> entries) { return RootView({layer(std::move(entries))}); }

// A usrmerged base with a private home.
RootView base() {
  return view({directory("usr"), directory("usr/bin"), symlink("bin", "usr/bin"),
               directory("tmp", 01777), directory("home"), directory("home/ann", 0750, 1000),
               file("etc-file", "x")});
}

CopyItem one_file(const std::string& name, const std::string& content, std::uint32_t mode = 0644) {
  return {name,
          false,
          {{file("", content, mode)}},
          memory_content({{name, content}}),
          name,
          CopyItem::Times::Epoch};
}

CopyItem tree_item(const std::vector<TreeEntry>& entries) {
  CopyItem item{
      "src", true, {{directory("", 0711)}}, memory_content({}), "", CopyItem::Times::Epoch};
  for (const TreeEntry& entry : entries) {
    item.entries.push_back({entry});
  }
  return item;
}

// COPY --from of a path of a root.
std::vector<CopyItem> from(const RootView& root, const std::string& path) {
  auto items = items_of(root, memory_content({}), path);
  EXPECT_TRUE(items.ok()) << (items.ok() ? "" : items.error().message);
  return items.ok() ? *std::move(items) : std::vector<CopyItem>{};
}

ir::Copy copy_to(const std::string& dest, const std::string& mode = "") {
  ir::Copy op;
  op.dest = dest;
  op.mode = mode;
  return op;
}

Tree copied(const ir::Copy& op, std::vector<CopyItem> items, const RootView& below,
            std::optional<FileOwner> owner = std::nullopt) {
  auto made = copy_tree({op, std::move(items), below, owner, kEpoch, ""});
  EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
  return made.ok() ? *made->tree : Tree{};
}

std::vector<std::string> paths(const Tree& tree) {
  std::vector<std::string> found;
  for (const TreeEntry& entry : tree.entries) {
    found.push_back(entry.path);
  }
  return found;
}

using Paths = std::vector<std::string>;

TEST(Copy, GoesThroughALinkInTheDestination) {
  const Tree tree = copied(copy_to("/bin/"), {one_file("tool", "t", 0755)}, base());
  EXPECT_EQ(paths(tree), (Paths{"usr", "usr/bin", "usr/bin/tool"}));
  // Parents come along as they are below.
  EXPECT_EQ(tree.find("usr/bin")->mtime, 7);
  EXPECT_EQ(tree.find("usr/bin/tool")->mtime, kEpoch);
}

TEST(Copy, LeavesExistingParentsAsTheyAre) {
  const Tree tree =
      copied(copy_to("/home/ann/notes"), {one_file("n", "n")}, base(), FileOwner{5, 6});
  EXPECT_EQ(tree.find("home/ann")->mode, 0750U);
  EXPECT_EQ(tree.find("home/ann")->uid, 1000U);
  EXPECT_EQ(tree.find("home/ann/notes")->uid, 5U);
  EXPECT_EQ(tree.find("home/ann/notes")->gid, 6U);
  const Tree sticky = copied(copy_to("/tmp/x"), {one_file("n", "n")}, base());
  EXPECT_EQ(sticky.find("tmp")->mode, 01777U);
}

TEST(Copy, AFileTakesItsNameOnlyInADirectory) {
  EXPECT_EQ(paths(copied(copy_to("/tmp"), {one_file("a", "a")}, base())), (Paths{"tmp", "tmp/a"}));
  EXPECT_EQ(paths(copied(copy_to("/new"), {one_file("a", "a")}, base())), (Paths{"new"}));
  EXPECT_EQ(paths(copied(copy_to("/new/"), {one_file("a", "a")}, base())), (Paths{"new", "new/a"}));
  EXPECT_EQ(paths(copied(copy_to("/x/y/z"), {one_file("a", "a")}, base())),
            (Paths{"x", "x/y", "x/y/z"}));
}

TEST(Copy, ADirectoryGivesItsContent) {
  const auto item = tree_item({file("a", "a"), directory("d", 0700), file("d/b", "b")});
  const Tree made = copied(copy_to("/app"), {item}, base());
  EXPECT_EQ(paths(made), (Paths{"app", "app/a", "app/d", "app/d/b"}));
  // What the copy makes is 0755, whatever the source directory has; what was there keeps its mode.
  EXPECT_EQ(made.find("app")->mode, 0755U);
  EXPECT_EQ(copied(copy_to("/tmp"), {item}, base()).find("tmp")->mode, 01777U);
  EXPECT_EQ(paths(copied(copy_to("/"), {item}, base())), (Paths{"a", "d", "d/b"}));
}

TEST(Copy, ADirectoryOfTheSourceThatMeetsALinkGoesThroughIt) {
  const auto item = tree_item({directory("bin"), file("bin/tool", "t")});
  EXPECT_EQ(paths(copied(copy_to("/"), {item}, base())), (Paths{"usr", "usr/bin", "usr/bin/tool"}));
}

TEST(Copy, ModeIsForTheParentsThatItMakes) {
  const Tree made = copied(copy_to("/x/y/f", "640"), {one_file("n", "n")}, base());
  EXPECT_EQ(made.find("x")->mode, 0640U);
  EXPECT_EQ(made.find("x/y")->mode, 0640U);
  const Tree there = copied(copy_to("/tmp/d/", "640"), {tree_item({file("a", "a")})}, base());
  EXPECT_EQ(there.find("tmp")->mode, 01777U);
  EXPECT_EQ(there.find("tmp/d")->mode, 0640U);
}

TEST(Copy, ModeIsForFilesAndDirectoriesNotForLinks) {
  const auto item = tree_item({file("a", "a"), symlink("l", "a")});
  const Tree made = copied(copy_to("/app", "600"), {item}, base());
  EXPECT_EQ(made.find("app/a")->mode, 0600U);
  EXPECT_EQ(made.find("app")->mode, 0600U);
  EXPECT_EQ(made.find("app/l")->mode, 0777U);
}

TEST(Copy, RefusesToReplaceADirectoryByAFileAndTheOtherWayRound) {
  const auto over_directory =
      copy_tree({copy_to("/"), {one_file("tmp", "x")}, base(), std::nullopt, kEpoch, ""});
  ASSERT_FALSE(over_directory.ok());
  EXPECT_EQ(over_directory.error().code, ErrorCode::Input);
  const auto item = tree_item({directory("etc-file"), file("etc-file/a", "a")});
  EXPECT_FALSE(copy_tree({copy_to("/"), {item}, base(), std::nullopt, kEpoch, ""}).ok());
  EXPECT_FALSE(
      copy_tree({copy_to("/etc-file/x"), {one_file("a", "a")}, base(), std::nullopt, kEpoch, ""})
          .ok());
}

TEST(Copy, LaterSourcesWin) {
  const Tree made =
      copied(copy_to("/tmp/"), {one_file("a", "first"), one_file("a", "second")}, base());
  EXPECT_EQ(made.find("tmp/a")->sha256, Digest::of("second"));
}

std::vector<std::string> shape(const Tree& tree) {
  std::vector<std::string> lines;
  for (const TreeEntry& entry : tree.entries) {
    lines.push_back(std::string(1, static_cast<char>(entry.type)) + " " + entry.path +
                    (entry.link.empty() ? "" : " -> " + entry.link));
  }
  return lines;
}

// d/a, d/b and d/c are one file with a capability, x another name of it.
std::vector<TreeEntry> linked() {
  TreeEntry a = file("d/a", "one", 04755);
  a.xattrs = {{"security.capability", "all"}};
  return {directory("d"), a, hard_link("d/b", a), hard_link("d/c", a), hard_link("x", a)};
}

TEST(CopyHardLinks, ANameIsTheFileOfItsLayerWhateverBecameOfItsFirstName) {
  for (const TreeEntry& above : {file("d/a", "two"), [] {
                                   TreeEntry gone;
                                   gone.path = "d/a";
                                   gone.type = EntryType::Whiteout;
                                   return gone;
                                 }()}) {
    const RootView root({layer(linked()), layer({directory("d"), above})});
    const Tree made = copied(copy_to("/out"), from(root, "/d"), base());
    ASSERT_NE(made.find("out/b"), nullptr);
    EXPECT_EQ(made.find("out/b")->sha256, Digest::of("one"));
    EXPECT_EQ(made.find("out/b")->mode, 04755U);
    EXPECT_EQ(made.find("out/b")->xattrs, (ir::Pairs{{"security.capability", "all"}}));
    EXPECT_EQ(made.find("out/c")->link, "out/b");
  }
}

TEST(CopyHardLinks, NamesCopiedTogetherStayOneFile) {
  const RootView root = view(linked());
  EXPECT_EQ(shape(copied(copy_to("/o"), from(root, "/d"), base())),
            (Paths{"d o", "f o/a", "h o/b -> o/a", "h o/c -> o/a"}));
  // The first name is not among what is copied.
  EXPECT_EQ(shape(copied(copy_to("/o/"), from(root, "/d/[bc]"), base())),
            (Paths{"d o", "f o/b", "h o/c -> o/b"}));
  // A name alone is a file with all its attributes.
  const Tree alone = copied(copy_to("/o"), from(root, "/x"), base());
  EXPECT_EQ(shape(alone), (Paths{"f o"}));
  EXPECT_EQ(alone.find("o")->xattrs.size(), 1U);
}

TEST(CopyHardLinks, SourcesNamedOneByOneAreFilesOfTheirOwn) {
  const RootView root = view(linked());
  auto items = from(root, "/d/a");
  items.push_back(from(root, "/d/b").front());
  EXPECT_EQ(shape(copied(copy_to("/o/"), items, base())), (Paths{"d o", "f o/a", "f o/b"}));
}

TEST(CopyHardLinks, ALaterSourceReplacesOneNameOnly) {
  auto items = from(view(linked()), "/d");
  items.push_back(tree_item({file("a", "other")}));
  const Tree made = copied(copy_to("/o"), items, base());
  EXPECT_EQ(shape(made), (Paths{"d o", "f o/a", "f o/b", "h o/c -> o/b"}));
  EXPECT_EQ(made.find("o/a")->sha256, Digest::of("other"));
  EXPECT_EQ(made.find("o/b")->sha256, Digest::of("one"));
}

// ADD of tar archives over `below`, one after the other.
Result<TreeWithContent> added(const std::string& dest, const std::vector<RawTar>& archives,
                              const RootView& below, std::optional<FileOwner> owner = std::nullopt,
                              const std::string& mode = "") {
  const TempDirectory scratch;
  ir::Copy op = copy_to(dest, mode);
  op.unpack = true;
  std::vector<CopyItem> items;
  items.reserve(archives.size());
  for (const RawTar& archive : archives) {
    items.push_back(one_file("archive.tar", archive.text()));
  }
  return copy_tree({op, std::move(items), below, owner, kEpoch, scratch.path()});
}

TEST(AddArchive, DirectoriesThatAreOnlyImpliedStayAsTheyAre) {
  const RawTar archive = RawTar()
                             .file("tmp/x", "x")
                             .file("home/ann/y", "y")
                             .file("new/deep/z", "z")
                             .add("usr/", EntryType::Directory, "", "", 0700, 9);
  const auto made = added("/", {archive}, base(), FileOwner{5, 6});
  ASSERT_OK(made);
  const Tree& tree = *made->tree;
  EXPECT_EQ(*tree.find("tmp"), *base().find("tmp")->entry);
  EXPECT_EQ(tree.find("home/ann")->mode, 0750U);
  EXPECT_EQ(tree.find("home/ann")->uid, 1000U);
  EXPECT_EQ(tree.find("tmp/x")->uid, 5U);
  // New ones are root's, whatever --chown says.
  for (const char* path : {"new", "new/deep"}) {
    EXPECT_EQ(tree.find(path)->mode, 0755U);
    EXPECT_EQ(tree.find(path)->uid, 0U);
    EXPECT_EQ(tree.find(path)->mtime, kEpoch);
  }
  // A member that names a directory sets what it has.
  EXPECT_EQ(tree.find("usr")->mode, 0700U);
  EXPECT_EQ(tree.find("usr")->uid, 5U);
}

TEST(AddArchive, DirectoriesOfAnEarlierArchiveStayAsTheyAre) {
  const RawTar first = RawTar().add("d/", EntryType::Directory, "", "", 0711, 3);
  const RawTar second = RawTar().file("d/x", "x");
  const auto made = added("/", {first, second}, base());
  ASSERT_OK(made);
  EXPECT_EQ(made->tree->find("d")->mode, 0711U);
  EXPECT_EQ(made->tree->find("d")->uid, 3U);
}

TEST(AddArchive, MembersReplaceWhatIsOfAnotherKind) {
  const RawTar archive = RawTar()
                             .add("bin/", EntryType::Directory, "", "", 0755)
                             .file("bin/own", "own")
                             .file("home", "no directory now")
                             .add("etc-file/", EntryType::Directory, "", "", 0755)
                             .file("etc-file/in", "in")
                             .add("tmp", EntryType::Symlink, "usr");
  const auto made = added("/", {archive}, base());
  ASSERT_OK(made);
  // `bin` was a link: it is a directory, and what it led to is as it was.
  EXPECT_EQ(shape(*made->tree),
            (Paths{"d bin", "f bin/own", "d etc-file", "f etc-file/in", "f home", "l tmp -> usr"}));
}

TEST(AddArchive, ImpliedDirectoriesAreThoseThatLinksLeadTo) {
  const RootView root =
      view({directory("opt"), directory("opt/real"), symlink("opt/rel", "real"),
            symlink("opt/abs", "/real"), symlink("opt/out", "../../../srv"), directory("srv"),
            symlink("opt/file", "real/f"), file("opt/real/f", "f")});
  const auto made = added("/opt", {RawTar().file("rel/1", "1").file("abs/2", "2")}, root);
  ASSERT_OK(made);
  // The root of an archive's members is where they are unpacked, as in BuildKit.
  EXPECT_EQ(shape(*made->tree), (Paths{"d opt", "d opt/real", "f opt/real/1", "f opt/real/2"}));
  for (const char* path : {"out/x", "file/x", "real/f/x"}) {
    const auto refused = added("/opt", {RawTar().file(path, "x")}, root);
    ASSERT_FALSE(refused.ok()) << path;
    EXPECT_EQ(refused.error().code, ErrorCode::Input);
  }
  // Links of the archive itself, and of the one before.
  const RawTar link = RawTar().add("l", EntryType::Symlink, "real").file("l/3", "3");
  const auto followed = added("/opt", {link, RawTar().file("l/4", "4")}, root);
  ASSERT_OK(followed);
  EXPECT_EQ(shape(*followed->tree),
            (Paths{"d opt", "l opt/l -> real", "d opt/real", "f opt/real/3", "f opt/real/4"}));
}

TEST(AddArchive, WhatWasReplacedDoesNotShowAgain) {
  const RawTar file_first = RawTar().file("home", "file");
  const RawTar directory_again = RawTar().add("home/", EntryType::Directory, "", "", 0755);
  const auto made = added("/", {file_first, directory_again}, base());
  ASSERT_OK(made);
  EXPECT_EQ(shape(*made->tree), (Paths{"d home", "w home/ann"}));
  const auto more = added("/", {file_first, RawTar().file("home/ann/x", "x")}, base());
  EXPECT_FALSE(more.ok());
  const auto back =
      added("/", {file_first, directory_again, RawTar().file("home/ann/x", "x")}, base());
  ASSERT_OK(back);
  EXPECT_EQ(shape(*back->tree), (Paths{"d home", "d home/ann", "f home/ann/x"}));
  EXPECT_EQ(back->tree->find("home/ann")->uid, 0U);
}

TEST(AddArchive, HardLinksStayAndModeIsNotForMembers) {
  const RawTar archive = RawTar().file("z", "data").add("a", EntryType::Hardlink, "z");
  const auto made = added("/new/dir/", {archive}, base(), std::nullopt, "700");
  ASSERT_OK(made);
  EXPECT_EQ(shape(*made->tree),
            (Paths{"d new", "d new/dir", "f new/dir/a", "h new/dir/z -> new/dir/a"}));
  EXPECT_EQ(made->tree->find("new/dir/a")->mode, 0644U);
}

// ADD over a base whose bytes are at hand.
Result<TreeWithContent> added_over_accounts(const std::string& dest, const RawTar& archive,
                                            std::optional<FileOwner> owner = std::nullopt) {
  const TempDirectory scratch;
  ir::Copy op = copy_to(dest, "");
  op.unpack = true;
  const RootView below = view({directory("etc"), file("etc/passwd", "root"),
                               hard_link("etc/same", file("etc/passwd", "root")),
                               symlink("etc/link", "passwd"), symlink("conf", "etc")});
  const std::shared_ptr<const Content> bytes = memory_content({{"etc/passwd", "root"}});
  return copy_tree(
      {op, {one_file("archive.tar", archive.text())}, below, owner, kEpoch, scratch.path(), [&] {
         return Result<std::shared_ptr<const Content>>(bytes);
       }});
}

TEST(AddArchive, AHardLinkToAFileOfTheRootIsAnotherNameOfIt) {
  const auto made = added_over_accounts(
      "/",
      RawTar().add("b", EntryType::Hardlink, "conf/passwd").add("x/a", EntryType::Hardlink, "b"));
  ASSERT_OK(made);
  EXPECT_EQ(shape(*made->tree), (Paths{"f b", "d etc", "h etc/passwd -> b", "d x", "h x/a -> b"}));
  EXPECT_EQ(*made->tree->find("b"), file("b", "root"));
  ASSERT_OK(made->content->open("b"));
}

TEST(AddArchive, AHardLinkToTheRootsFileIsToWhatWasThereBefore) {
  // The archive's own file of that name comes later.
  const auto made = added_over_accounts(
      "/", RawTar().add("x", EntryType::Hardlink, "etc/passwd").file("etc/passwd", "other"));
  ASSERT_OK(made);
  EXPECT_EQ(shape(*made->tree), (Paths{"d etc", "f etc/passwd", "f x"}));
  EXPECT_EQ(made->tree->find("etc/passwd")->sha256, Digest::of("other"));
  EXPECT_EQ(made->tree->find("x")->sha256, Digest::of("root"));
  // Of a link it is another link; an owner is the file's.
  const auto link = added_over_accounts("/", RawTar().add("l", EntryType::Hardlink, "etc/link"));
  ASSERT_OK(link);
  EXPECT_EQ(shape(*link->tree), (Paths{"l l -> passwd"}));
  const auto owned = added_over_accounts("/",
                                         RawTar()
                                             .add("x", EntryType::Hardlink, "etc/passwd")
                                             .add("y", EntryType::Hardlink, "etc/passwd"),
                                         FileOwner{5, 6});
  ASSERT_OK(owned);
  EXPECT_EQ(owned->tree->find("etc/passwd")->uid, 5U);
  EXPECT_EQ(owned->tree->find("y")->type, EntryType::Hardlink);
}

TEST(AddArchive, AHardLinkToWhatIsNeitherInItNorInTheRootIsRefused) {
  for (const char* target : {"etc/nothing", "etc", "etc/passwd/x"}) {
    const auto refused = added_over_accounts("/", RawTar().add("x", EntryType::Hardlink, target));
    ASSERT_FALSE(refused.ok()) << target;
    EXPECT_EQ(refused.error().code, ErrorCode::Input) << target;
  }
  // The root of its names is where it is unpacked.
  EXPECT_FALSE(
      added_over_accounts("/opt", RawTar().add("x", EntryType::Hardlink, "etc/passwd")).ok());
}

TEST(CopyItems, FollowsALinkAtTheTopAndKeepsThoseInside) {
  const RootView root = view(
      {directory("data"), file("data/f", "f"), symlink("data/l", "f"), symlink("cur", "data")});
  const auto items = items_of(root, memory_content({}), "/cur");
  ASSERT_TRUE(items.ok());
  ASSERT_EQ(items->size(), 1U);
  EXPECT_TRUE(items->front().is_directory);
  EXPECT_EQ(items->front().prefix, "data");
  ASSERT_EQ(items->front().entries.size(), 3U);
  EXPECT_EQ(items->front().entries[2].entry.type, EntryType::Symlink);
}

TEST(CopyItems, WildcardsMatchSortedAndNothingIsAnError) {
  const RootView root =
      view({directory("d"), file("d/b.c", "b"), file("d/a.c", "a"), file("d/a.h", "h")});
  const auto items = items_of(root, memory_content({}), "/d/*.c");
  ASSERT_TRUE(items.ok());
  ASSERT_EQ(items->size(), 2U);
  EXPECT_EQ((*items)[0].name, "a.c");
}

TEST(CopyItems, NeverLeavesTheRoot) {
  const RootView root = view(
      {directory("d"), symlink("d/up", "../../../../etc"), directory("etc"), file("etc/p", "p")});
  const auto items = items_of(root, memory_content({}), "/d/up/p");
  ASSERT_TRUE(items.ok());
  EXPECT_EQ(items->front().prefix, "etc/p");
}

TEST(Mkdir, MakesOnlyWhatIsMissing) {
  const auto made = mkdir_tree("/home/ann/work/src", {1000, 1000}, base(), kEpoch);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(paths(*made->tree), (Paths{"home", "home/ann", "home/ann/work", "home/ann/work/src"}));
  EXPECT_EQ(made->tree->find("home/ann")->mode, 0750U);
  EXPECT_EQ(made->tree->find("home/ann/work")->uid, 1000U);
  EXPECT_TRUE(mkdir_tree("/bin", {}, base(), kEpoch)->tree->entries.empty());
  EXPECT_FALSE(mkdir_tree("/etc-file/x", {}, base(), kEpoch).ok());
}

TEST(CopyItems, AWildcardOfARootMayMatchNothingAndANameMayNot) {
  const RootView root = base();
  const auto nothing = items_of(root, memory_content({}), "/tmp/*");
  ASSERT_TRUE(nothing.ok()) << nothing.error().message;
  EXPECT_TRUE(nothing->empty());
  const auto some = items_of(root, memory_content({}), "/etc*");
  ASSERT_TRUE(some.ok());
  EXPECT_EQ(some->size(), 1U);
  const auto missing = items_of(root, memory_content({}), "/tmp/none");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace strata::backend
