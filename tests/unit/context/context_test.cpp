// Context: what is selected, its digest, and the file digests kept between runs.
#include "backend/context/context.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "backend/system/files.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::backend {
namespace {

// CAP_NET_BIND_SERVICE, as setcap(8) writes it.
const std::string kCapability("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);

// False where this process may not.
bool set_capability(const std::string& path) {
  return ::setxattr(path.c_str(), "security.capability", kCapability.data(), kCapability.size(),
                    0) == 0;
}

using Lines = std::vector<std::string>;

Result<std::shared_ptr<const Selection>> select(const std::string& directory,
                                                const std::string& source,
                                                const ir::Strings& ignore = {},
                                                StatCache* cache = nullptr, unsigned jobs = 2) {
  const Result<std::unique_ptr<Context>> context = Context::open(directory, cache, jobs);
  if (!context) {
    return context.error();
  }
  return (*context)->select({"", source, ignore});
}

Lines shape(const Selection& selection) {
  Lines lines;
  for (const SelectedItem& item : selection.items) {
    lines.push_back(item.path + ":");
    for (const TreeEntry& entry : item.tree->entries) {
      lines.push_back(std::string(1, static_cast<char>(entry.type)) + " " + entry.path);
    }
  }
  return lines;
}

// The shape, or the error's message.
Lines selected(const std::string& directory, const std::string& source,
               const ir::Strings& ignore = {}) {
  const auto selection = select(directory, source, ignore);
  return selection ? shape(**selection) : Lines{selection.error().message};
}

ErrorCode code_of(const std::string& directory, const std::string& source,
                  const ir::Strings& ignore = {}) {
  const auto selection = select(directory, source, ignore);
  EXPECT_FALSE(selection.ok());
  return selection ? ErrorCode::Io : selection.error().code;
}

TEST(Context, DirectoriesFilesAndWildcards) {
  const TempDirectory dir;
  dir.write("src/a.c", "a");
  dir.write("src/b.c", "b");
  dir.write("src/sub/c.h", "c");
  dir.write("top", "t");
  EXPECT_EQ(selected(dir.path(), "src"),
            (Lines{"src:", "d ", "f a.c", "f b.c", "d sub", "f sub/c.h"}));
  EXPECT_EQ(selected(dir.path(), "./src//sub/"), (Lines{"src/sub:", "d ", "f c.h"}));
  EXPECT_EQ(selected(dir.path(), "top"), (Lines{"top:", "f top"}));
  EXPECT_EQ(selected(dir.path(), "s*/*.c"), (Lines{"src/a.c:", "f a.c", "src/b.c:", "f b.c"}));
  EXPECT_EQ(selected(dir.path(), "*/[s]??"), (Lines{"src/sub:", "d ", "f c.h"}));
  EXPECT_EQ(selected(dir.path(), "").size(), 8U);
}

TEST(Context, NothingSelectedSaysWhy) {
  const TempDirectory dir;
  dir.write("secret.txt", "s");
  dir.write("d/x", "x");
  EXPECT_EQ(selected(dir.path(), "missing"), (Lines{"`missing` is not in the context"}));
  EXPECT_EQ(selected(dir.path(), "top*"), (Lines{"`top*` matches nothing in the context"}));
  const Lines excluded{"`secret.txt` is in the context, but an ignore pattern excludes it"};
  EXPECT_EQ(selected(dir.path(), "secret.txt", {"*.txt"}), excluded);
  EXPECT_EQ(code_of(dir.path(), "secret.txt", {"*.txt"}), ErrorCode::NotFound);
  EXPECT_EQ(code_of(dir.path(), "d", {"d"}), ErrorCode::NotFound);
  EXPECT_EQ(code_of(dir.path(), "s*", {"*.txt"}), ErrorCode::NotFound);
  EXPECT_EQ(code_of(dir.path(), "../x"), ErrorCode::Outside);
  EXPECT_EQ(code_of(dir.path(), "[a"), ErrorCode::Input);
  EXPECT_EQ(code_of(dir.path(), "x/[a"), ErrorCode::Input);
}

TEST(Context, IgnorePatternsReincludeWithTheirParents) {
  const TempDirectory dir;
  dir.write("node/lib/keep.js", "k");
  dir.write("node/lib/drop.js", "d");
  dir.write("node/other/x", "x");
  dir.write("main", "m");
  EXPECT_EQ(selected(dir.path(), "", {"node", "!node/lib/keep.js"}),
            (Lines{":", "d ", "f main", "d node", "d node/lib", "f node/lib/keep.js"}));
  EXPECT_EQ(selected(dir.path(), "node", {"node", "!node/lib/keep.js"}),
            (Lines{"node:", "d ", "d lib", "f lib/keep.js"}));
  EXPECT_EQ(selected(dir.path(), "", {"*"}), (Lines{":", "d "}));
}

TEST(Context, LinksAreFollowedInsideOnly) {
  const TempDirectory dir;
  dir.write("ctx/real/file", "x");
  dir.write("outside/secret", "s");
  dir.symlink("real", "ctx/link");
  dir.symlink("real/file", "ctx/alias");
  dir.symlink("../outside", "ctx/out");
  dir.symlink("/etc/passwd", "ctx/abs");
  dir.symlink("loop", "ctx/loop");
  dir.symlink("../real", "ctx/real/inner");
  const std::string root = dir.at("ctx");
  EXPECT_EQ(selected(root, "link"), (Lines{"link:", "d ", "f file", "l inner"}));
  EXPECT_EQ(selected(root, "alias"), (Lines{"alias:", "f alias"}));
  EXPECT_EQ(selected(root, "link/inner/file"), (Lines{"link/inner/file:", "f file"}));
  for (const char* source : {"out", "out/secret", "abs"}) {
    EXPECT_EQ(code_of(root, source), ErrorCode::Outside) << source;
  }
  EXPECT_EQ(code_of(root, "loop"), ErrorCode::Input);
  // What the link points to is excluded.
  EXPECT_EQ(code_of(root, "alias", {"real"}), ErrorCode::NotFound);
  const auto context = Context::open(root, nullptr, 1);
  ASSERT_OK(context);
  const auto selection = (*context)->select({"", "link", {}});
  ASSERT_OK(selection);
  const SelectedItem& item = (*selection)->items.front();
  const Result<Fd> content = (*context)->content()->open(item.resolved + "/file");
  ASSERT_OK(content);
  EXPECT_EQ(*read_all(*content, "file"), "x");
  EXPECT_FALSE((*context)->content()->open("out/secret").ok());
}

TEST(Context, EntriesKeepModesAndNothingOfTheHost) {
  const TempDirectory dir;
  dir.write("s/f", "x");
  ASSERT_EQ(::chmod(dir.at("s/f").c_str(), 04751), 0);
  ASSERT_EQ(::mkfifo(dir.at("s/pipe").c_str(), 0600), 0);
  dir.socket("s/sock");
  const auto selection = select(dir.path(), "s");
  ASSERT_OK(selection);
  EXPECT_EQ(shape(**selection), (Lines{"s:", "d ", "f f", "p pipe"}));
  const TreeEntry* file = (*selection)->items.front().tree->find("f");
  EXPECT_EQ(file->mode, 04751U);
  EXPECT_EQ(file->uid, 0U);
  EXPECT_EQ(file->mtime, 0);
}

// A checkout of git has no `user.*`, the same files saved by a browser have some.
TEST(Context, UserXattrsAreNoPartOfASourceButCapabilitiesAre) {
  const TempDirectory plain;
  const TempDirectory noted;
  const TempDirectory capable;
  for (const TempDirectory* const dir : {&plain, &noted, &capable}) {
    dir->write("s/d/f", "x");
  }
  ASSERT_EQ(::setxattr(noted.at("s/d/f").c_str(), "user.xdg.origin.url", "v", 1, 0), 0);
  ASSERT_EQ(::setxattr(noted.at("s/d").c_str(), "user.note", "v", 1, 0), 0);
  const auto without = select(plain.path(), "s");
  const auto with = select(noted.path(), "s");
  ASSERT_OK(without);
  ASSERT_OK(with);
  EXPECT_EQ((*with)->digest, (*without)->digest);
  EXPECT_TRUE((*with)->items.front().tree->find("d/f")->xattrs.empty());
  if (set_capability(capable.at("s/d/f"))) {
    const auto able = select(capable.path(), "s");
    ASSERT_OK(able);
    EXPECT_NE((*able)->digest, (*without)->digest);
    EXPECT_EQ((*able)->items.front().tree->find("d/f")->xattrs,
              (ir::Pairs{{"security.capability", kCapability}}));
  } else {
    EXPECT_NE(::geteuid(), 0U) << "root may set a capability";
  }
}

// What a layer would hold as zeros.
TEST(Context, HolesBeyondAllMeasureAreAnErrorAndOthersAreRead) {
  const TempDirectory dir;
  dir.write("s/huge", "data");
  ASSERT_EQ(::truncate(dir.at("s/huge").c_str(), off_t{1} << 40), 0);
  const auto refused = select(dir.path(), "s");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Input);
  EXPECT_NE(refused.error().message.find("s/huge"), std::string::npos) << refused.error().message;
  ASSERT_EQ(::truncate(dir.at("s/huge").c_str(), off_t{3} << 20), 0);
  const auto taken = select(dir.path(), "s");
  ASSERT_OK(taken);
  std::string bytes(std::size_t{3} << 20, '\0');
  bytes.replace(0, 4, "data");
  EXPECT_EQ((*taken)->items.front().tree->find("huge")->sha256, Digest::of(bytes));
}

TEST(Context, ASocketThatIsNamedIsCalledWhatItIs) {
  const TempDirectory dir;
  dir.write("s/sick", "x");
  dir.socket("s/sock");
  for (const char* source : {"s/sock", "s/so*"}) {
    const auto selection = select(dir.path(), source);
    ASSERT_FALSE(selection.ok());
    EXPECT_EQ(selection.error().code, ErrorCode::NotFound);
    EXPECT_NE(selection.error().message.find("is a socket"), std::string::npos)
        << selection.error().message;
  }
  const auto beside = select(dir.path(), "s/s*");
  ASSERT_OK(beside);
  EXPECT_EQ(shape(**beside), (Lines{"s/sick:", "f sick"}));
}

TEST(Context, UnreadableFilesAreNamed) {
  if (::geteuid() == 0) {
    // root reads everything; a directory that vanishes is as good.
    EXPECT_FALSE(Context::open("/nowhere", nullptr, 1).ok());
    return;
  }
  const TempDirectory dir;
  dir.write("d/locked", "x");
  ASSERT_EQ(::chmod(dir.at("d/locked").c_str(), 0), 0);
  const auto selection = select(dir.path(), "d");
  ASSERT_FALSE(selection.ok());
  EXPECT_EQ(selection.error().code, ErrorCode::Io);
  EXPECT_EQ(selection.error().message, "d/locked: permission denied");
}

// Where the context lies, in which order and when it was made, and by how many threads it is read,
// is in no digest; what is copied is.
TEST(Context, DigestDependsOnWhatIsCopiedAlone) {
  std::vector<std::string> names;
  names.reserve(50);
  for (int i = 0; i < 50; ++i) {
    names.push_back("src/d" + std::to_string(i % 5) + "/f" + std::to_string(i));
  }
  const auto fill = [&](const TempDirectory& dir) {
    for (const std::string& name : names) {
      dir.write(name, name);
    }
    dir.write("elsewhere", std::to_string(::getpid()) + dir.path());
  };
  std::optional<Digest> first;
  for (const char* where : {"/tmp", "/dev/shm"}) {
    for (const unsigned jobs : {1U, 2U, 5U}) {
      const TempDirectory dir(where);
      fill(dir);
      std::reverse(names.begin(), names.end());
      const auto selection = select(dir.path(), "src", {}, nullptr, jobs);
      ASSERT_OK(selection);
      first = first ? first : (*selection)->digest;
      EXPECT_EQ(*first, (*selection)->digest);
    }
  }
  const TempDirectory dir;
  fill(dir);
  const auto digest = [&](const std::string& source, const ir::Strings& ignore = {}) {
    const auto selection = select(dir.path(), source, ignore);
    EXPECT_TRUE(selection.ok());
    return selection ? (*selection)->digest : Digest();
  };
  // The spelling of the source and of the patterns, and a directory's own name, are not in it.
  EXPECT_EQ(digest("./src/"), *first);
  EXPECT_EQ(digest("src", {"elsewhere"}), *first);
  EXPECT_EQ(digest("s*"), *first);
  ASSERT_EQ(::rename(dir.at("src").c_str(), dir.at("moved").c_str()), 0);
  EXPECT_EQ(digest("moved"), *first);
  EXPECT_NE(digest("moved", {"moved/d1/f1"}), *first);
  ASSERT_EQ(::chmod(dir.at("moved").c_str(), 0700), 0);
  EXPECT_NE(digest("moved"), *first);
  ASSERT_EQ(::chmod(dir.at("moved").c_str(), 0755), 0);
  EXPECT_EQ(digest("moved"), *first);
  dir.write("moved/d1/f1", "other");
  EXPECT_NE(digest("moved"), *first);
  // A file's own name is.
  dir.write("n1", "x");
  dir.write("n2", "x");
  EXPECT_NE(digest("n1"), digest("n2"));
}

// A file's digest in a selection.
Digest file_digest(const std::string& directory, StatCache* cache) {
  const auto selection = select(directory, "f", {}, cache);
  EXPECT_TRUE(selection.ok());
  return selection ? (*selection)->items.front().tree->entries.front().sha256 : Digest();
}

void wait_a_tick() { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }

TEST(StatCache, NeverServesStaleContent) {
  const TempDirectory dir;
  const std::string path = dir.at("cache");
  const TempDirectory context;
  for (int round = 0; round < 20; ++round) {
    // Same size each time, no pause: the times may well be equal.
    const std::string data = "v" + std::to_string(10 + round);
    context.write("f", data);
    const auto cache = StatCache::load(path);
    EXPECT_EQ(file_digest(context.path(), cache.get()), Digest::of(data));
    EXPECT_OK(cache->save());
  }
  // An mtime that is put back does not hide a change.
  struct stat info {};
  ASSERT_EQ(::stat(context.at("f").c_str(), &info), 0);
  wait_a_tick();
  {
    const auto cache = StatCache::load(path);
    (void)file_digest(context.path(), cache.get());
    EXPECT_OK(cache->save());
  }
  context.write("f", "xyz");
  const timespec times[2] = {info.st_atim, info.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, context.at("f").c_str(), static_cast<const timespec*>(times), 0),
            0);
  const auto cache = StatCache::load(path);
  EXPECT_EQ(file_digest(context.path(), cache.get()), Digest::of("xyz"));
}

// A FIFO would hang whoever reads it.
TEST(StatCache, WhatIsNoCacheFileIsDamagedAndHoldsNothing) {
  const TempDirectory dir;
  const std::string path = dir.at("cache");
  EXPECT_FALSE(StatCache::is_damaged(path));
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_TRUE(StatCache::is_damaged(path));
  EXPECT_NE(StatCache::load(path), nullptr);
  ASSERT_TRUE(remove_tree(path).ok());
  ASSERT_TRUE(write_file_durably(path, "strata file digests 1\n").ok());
  EXPECT_TRUE(StatCache::is_damaged(path));
}

TEST(StatCache, RemembersBetweenRunsAndSurvivesDamage) {
  const TempDirectory dir;
  const std::string path = dir.at("cache");
  const TempDirectory context;
  context.write("f", "abc");
  const bool is_capable = set_capability(context.at("f"));
  wait_a_tick();
  {
    const auto cache = StatCache::load(path);
    (void)file_digest(context.path(), cache.get());
    EXPECT_OK(cache->save());
  }
  const std::string saved = *read_file(path);
  struct stat before {};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  {
    const auto cache = StatCache::load(path);
    const auto selection = select(context.path(), "f", {}, cache.get());
    ASSERT_OK(selection);
    const TreeEntry& entry = (*selection)->items.front().tree->entries.front();
    EXPECT_EQ(entry.sha256, Digest::of("abc"));
    const ir::Pairs capability{{"security.capability", kCapability}};
    EXPECT_EQ(entry.xattrs, is_capable ? capability : ir::Pairs());
    EXPECT_OK(cache->save());
  }
  // Nothing was read, so nothing was saved.
  struct stat after {};
  ASSERT_EQ(::stat(path.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  for (std::size_t at = 0; at < saved.size(); at += 7) {
    std::string damaged = saved;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    dir.write("cache", damaged);
    EXPECT_EQ(file_digest(context.path(), StatCache::load(path).get()), Digest::of("abc"));
  }
  dir.write("cache", saved.substr(0, saved.size() / 2));
  EXPECT_EQ(file_digest(context.path(), StatCache::load(path).get()), Digest::of("abc"));
}

TEST(Context, TextsAreReadWithinItAlone) {
  const TempDirectory dir;
  dir.write("secret", "s");
  dir.write("context/sub/text", "inside");
  dir.symlink("sub/text", "context/link");
  dir.symlink("../secret", "context/out");
  dir.symlink(dir.at("secret"), "context/absolute");
  dir.symlink("..", "context/sub/up");
  ASSERT_EQ(::mkfifo(dir.at("context/pipe").c_str(), 0600), 0);
  const auto context = Context::open(dir.at("context"), nullptr, 1);
  ASSERT_OK(context);
  EXPECT_EQ(*(*context)->read_text("link"), "inside");
  EXPECT_EQ(*(*context)->read_text("sub/up/link"), "inside");
  for (const char* path : {"out", "absolute", "sub/up/out", "sub/up/../../secret"}) {
    const Result<std::string> text = (*context)->read_text(path);
    ASSERT_FALSE(text.ok()) << path;
    EXPECT_EQ(text.error().code, ErrorCode::Outside) << path;
  }
  EXPECT_EQ((*context)->read_text("none").error().code, ErrorCode::NotFound);
  EXPECT_EQ((*context)->read_text("pipe").error().message, "pipe: is a pipe, not a file");
  EXPECT_EQ((*context)->read_text("sub").error().message, "sub: is a directory, not a file");
}

}  // namespace
}  // namespace strata::backend
