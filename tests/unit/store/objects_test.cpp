// Blobs, trees, results, layers, roots, references: what is written is read, what is damaged is a
// miss.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <utime.h>

#include <ctime>
#include <thread>

#include "backend/system/interrupt.h"
#include "tests/unit/store/temporary_store.h"

namespace strata::backend {
namespace {

using ObjectsTest = TemporaryStoreTest;

ProcessStart sample_start() {
  ProcessStart start;
  start.trees = {empty_tree_digest(), Digest::of("base"), Digest::of("step")};
  start.args = {"/bin/sh", "-c", "exit 7", "", "not UTF-8: \xff"};
  start.env = {{"PATH", "/bin"}, {"EMPTY", ""}, {"BYTES", "\x80\n"}};
  start.cwd = "/work";
  start.user = "ann:staff";
  start.hostname = "builder";
  start.network = "none";
  start.epoch = std::int64_t{1} << 60;
  start.mounts = {{{{"echo \"hi\"\n", 0755, "one"}, {std::string("\0", 1), 0644, "two"}}, "/x"},
                  {{}, "/y"}};
  return start;
}

const std::string kLarge(std::size_t{3} << 20, 'x');

TEST_F(ObjectsTest, BlobIsReadBackAndReadableByAll) {
  const auto store = open();
  const auto digest = store->put_blob("hello");
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(*digest, Digest::of("hello"));
  EXPECT_EQ(store->blob_size(*digest), 5U);
  EXPECT_EQ(**store->read_blob(*digest), "hello");
  struct stat status {};
  ASSERT_EQ(::stat(store->blob_path(*digest).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0444U);
}

TEST_F(ObjectsTest, AbsentObjectsAreMisses) {
  const auto store = open();
  const Digest digest = Digest::of("nothing");
  EXPECT_FALSE(store->blob_size(digest));
  EXPECT_FALSE((*store->read_blob(digest)).has_value());
  EXPECT_FALSE(*store->verify_blob(digest));
  EXPECT_FALSE((*store->tree(digest)).has_value());
  EXPECT_FALSE((*store->chain_tree(digest)).has_value());
  EXPECT_TRUE((*store->results(digest)).empty());
  EXPECT_FALSE((*store->step_record(digest)).has_value());
  EXPECT_FALSE((*store->failed(digest)).has_value());
  EXPECT_TRUE(store->failed_steps()->empty());
  EXPECT_FALSE((*store->layer(digest, "none")).has_value());
  EXPECT_FALSE((*store->any_layer(digest)).has_value());
  EXPECT_FALSE(store->root(digest));
  EXPECT_FALSE((*store->ref("a")).has_value());
  EXPECT_FALSE((*store->image(digest)).has_value());
  EXPECT_FALSE((*store->resolved("a", "linux/amd64")).has_value());
}

TEST_F(ObjectsTest, DamagedBlobIsAMissAndQuarantinedThenHealed) {
  const auto store = open();
  const Digest digest = *store->put_blob("hello");
  write(store->blob_path(digest), "hellp");
  EXPECT_FALSE((*store->read_blob(digest)).has_value());
  EXPECT_FALSE(exists(store->blob_path(digest)));
  EXPECT_EQ(list_directory(home_ + "/quarantine")->size(), 1U);
  EXPECT_TRUE(store->put_blob("hello").ok());
  EXPECT_EQ(**store->read_blob(digest), "hello");
}

TEST_F(ObjectsTest, PutReplacesADamagedBlobOfTheSameSize) {
  const auto store = open();
  const Digest digest = *store->put_blob("hello");
  write(store->blob_path(digest), "HELLO");
  ASSERT_TRUE(store->put_blob("hello").ok());
  EXPECT_EQ(read(store->blob_path(digest)), "hello");
}

TEST_F(ObjectsTest, AFailedStepIsKeptWholeAndIsNoResult) {
  const auto store = open();
  const Digest step = Digest::of("step");
  ASSERT_TRUE(store->put_failed(step, sample_start()).ok());
  EXPECT_EQ(**store->failed(step), sample_start());
  EXPECT_EQ(*store->failed_steps(), std::vector<Digest>{step});
  EXPECT_TRUE(store->results(step)->empty());
  EXPECT_FALSE((*store->step_record(step)).has_value());
  // Nobody else may read what a command was given.
  struct stat status {};
  ASSERT_EQ(::stat((home_ + "/failed").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
  // The last failure counts.
  ProcessStart later = sample_start();
  later.trees.pop_back();
  ASSERT_TRUE(store->put_failed(step, later).ok());
  EXPECT_EQ(**store->failed(step), later);
}

TEST_F(ObjectsTest, ADamagedFailedStepIsAMissAndQuarantined) {
  const auto store = open();
  const Digest step = Digest::of("step");
  ASSERT_TRUE(store->put_failed(step, sample_start()).ok());
  const std::string path = home_ + "/failed/" + step.hex();
  const std::string whole = read(path);
  std::string changed = whole;
  changed[changed.find("ann")] = 'A';
  for (const std::string& text : {changed, whole.substr(0, whole.size() / 2), std::string()}) {
    write(path, text);
    EXPECT_FALSE((*store->failed(step)).has_value());
    EXPECT_FALSE(exists(path));
  }
  // Right bytes of another format: each member must be there, of its type.
  const std::string body = whole.substr(72, whole.size() - 73);
  for (const char* member :
       {"args", "cwd", "env", "epoch", "hostname", "mounts", "network", "trees", "user"}) {
    std::string other = body;
    other.replace(other.find(std::string("\"") + member + "\":"), 2, "\"_");
    other += "\n";
    write(path, Digest::of(other).str() + "\n" + other);
    EXPECT_FALSE((*store->failed(step)).has_value()) << member;
  }
  EXPECT_EQ(list_directory(home_ + "/quarantine")->size(), 12U);
}

TEST_F(ObjectsTest, LargeBlobIsHashedAgainWhenItsFileChanged) {
  const auto store = open();
  const Digest digest = *store->put_blob(kLarge);
  EXPECT_TRUE(*store->verify_blob(digest));
  EXPECT_EQ(list_directory(home_ + "/verified")->size(), 1U);
  std::string changed = kLarge;
  changed[1234567] = 'y';
  write(store->blob_path(digest), changed);
  EXPECT_FALSE(*store->verify_blob(digest));
  EXPECT_FALSE(exists(store->blob_path(digest)));
}

TEST_F(ObjectsTest, LargeBlobWrittenInPlaceIsNoticed) {
  const auto store = open();
  const Digest digest = *store->put_blob(kLarge);
  ASSERT_TRUE(*store->verify_blob(digest));
  ASSERT_EQ(::chmod(store->blob_path(digest).c_str(), 0644), 0);
  const int fd = ::open(store->blob_path(digest).c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::pwrite(fd, "y", 1, 99), 1);
  ::close(fd);
  EXPECT_FALSE(*store->verify_blob(digest));
}

TEST_F(ObjectsTest, VerifyCopyTellsRightFromWrongAndMissing) {
  const auto store = open();
  const Digest digest = *store->put_blob(kLarge);
  const std::string copy = directory_ + "/copy";
  EXPECT_FALSE(*store->verify_copy(copy, digest));
  write(copy, kLarge);
  EXPECT_TRUE(*store->verify_copy(copy, digest));
  EXPECT_TRUE(*store->verify_copy(copy, digest));
  // Nothing is noted of what is not the store's.
  EXPECT_EQ(list_directory(home_ + "/verified")->size(), 1U);
  write(copy, kLarge + "z");
  EXPECT_FALSE(*store->verify_copy(copy, digest));
  EXPECT_TRUE(exists(copy));
}

TEST_F(ObjectsTest, BlobWriterRefusesAnotherDigestAndLeavesNothing) {
  const auto store = open();
  {
    auto writer = *store->new_blob();
    ASSERT_TRUE(writer->write("abc", 3).ok());
    const auto committed = writer->commit("text", Digest::of("other"));
    ASSERT_FALSE(committed.ok());
    EXPECT_EQ(committed.error().code, ErrorCode::Corrupt);
  }
  {
    auto writer = *store->new_blob();
    ASSERT_TRUE(writer->write("abc", 3).ok());
  }
  EXPECT_TRUE(list_directory(home_ + "/blobs/sha256")->empty());
  EXPECT_EQ(*list_directory(home_ + "/tmp/" + store->build_id()),
            std::vector<std::string>{"lease"});
}

TEST_F(ObjectsTest, PartialDownloadsAreAdoptedOnlyWhenRight) {
  const auto store = open();
  const Digest digest = Digest::of("download");
  write(store->partial_path(digest), "downl");
  const auto refused = store->adopt_partial(digest);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::Corrupt);
  EXPECT_FALSE(exists(store->partial_path(digest)));
  write(store->partial_path(digest), "download");
  ASSERT_TRUE(store->adopt_partial(digest).ok());
  EXPECT_EQ(**store->read_blob(digest), "download");
  EXPECT_FALSE(exists(store->partial_path(digest)));
}

TEST_F(ObjectsTest, AnInterruptedAdoptionKeepsTheDownload) {
  const Digest digest = Digest::of("download");
  const auto store = open();
  write(store->partial_path(digest), "download");
  // In a child: the wish to stop cannot be taken back.
  EXPECT_EXIT(
      {
        request_interrupt();
        const auto adopted = store->adopt_partial(digest);
        ::_exit(!adopted && adopted.error().code == ErrorCode::Interrupted ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
  EXPECT_EQ(read(store->partial_path(digest)), "download");
}

TEST_F(ObjectsTest, PartialDownloadsSurviveTheProcess) {
  const Digest digest = Digest::of("download");
  { write(open()->partial_path(digest), "down"); }
  EXPECT_EQ(read(open()->partial_path(digest)), "down");
}

TEST_F(ObjectsTest, TreesAreCheckedAgainstTheirName) {
  const Tree tree = tree_of("a", "text");
  const Digest digest = *open()->put_tree(tree);
  EXPECT_EQ(digest, tree_digest(tree));
  EXPECT_EQ(***open()->tree(digest), tree);
  write(home_ + "/trees/" + digest.hex(), print_tree(tree_of("b", "text")));
  EXPECT_FALSE((*open()->tree(digest)).has_value());
  ASSERT_TRUE(open()->put_tree(tree).ok());
  EXPECT_EQ(***open()->tree(digest), tree);
}

TEST_F(ObjectsTest, TheEmptyTreeIsAlwaysThere) {
  const auto tree = open()->tree(empty_tree_digest());
  ASSERT_TRUE(tree.ok() && *tree);
  EXPECT_TRUE((**tree)->entries.empty());
}

TEST_F(ObjectsTest, TheNewestResultIsTheLastAndEachIsThereOnce) {
  const auto store = open();
  const std::string record = R"({"op":"exec"})";
  const Digest step = Digest::of(record);
  const StepResult first{Digest::of("t1"), {Digest::of("i1"), Digest::of("i2")}, 1500};
  const StepResult second{Digest::of("t2"), {}, 2};
  ASSERT_TRUE(store->put_result(step, record, first).ok());
  ASSERT_TRUE(store->put_result(step, record, second).ok());
  StepResult again = first;
  again.seconds_ms = 99;
  ASSERT_TRUE(store->put_result(step, record, again).ok());
  EXPECT_EQ(*store->results(step), (std::vector<StepResult>{second, again}));
  EXPECT_EQ(**store->step_record(step), record);
}

TEST_F(ObjectsTest, OfAStepThatNeverComesOutTheSameTheEightNewestResultsStay) {
  const auto store = open();
  const std::string record = R"({"op":"exec"})";
  const Digest step = Digest::of(record);
  constexpr int kRuns = 20;
  for (int i = 0; i < kRuns; ++i) {
    ASSERT_TRUE(store->put_result(step, record, {Digest::of(std::to_string(i)), {}, i}).ok());
  }
  const std::vector<StepResult> results = *store->results(step);
  ASSERT_EQ(results.size(), 8U);
  EXPECT_EQ(results.front().tree, Digest::of("12"));
  EXPECT_EQ(results.back().tree, Digest::of("19"));
}

// Every single changed byte of a record file is noticed: it never gives another answer.
TEST_F(ObjectsTest, AnyFlippedByteOfARecordIsAMiss) {
  const auto store = open();
  const std::string record = "{}";
  const Digest step = Digest::of(record);
  const StepResult result{Digest::of("t"), {Digest::of("i")}, 1};
  ASSERT_TRUE(store->put_result(step, record, result).ok());
  const std::string path = home_ + "/steps/" + step.hex() + ".results";
  const std::string good = read(path);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    write(path, bad);
    ASSERT_TRUE((*store->results(step)).empty()) << "byte " << i;
    ASSERT_FALSE(exists(path));
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    write(path, good.substr(0, size));
    ASSERT_TRUE((*store->results(step)).empty()) << "length " << size;
  }
}

TEST_F(ObjectsTest, LayersNeedTheirBlob) {
  const auto store = open();
  const Digest tree = Digest::of("tree");
  const Digest blob = *store->put_blob("layer");
  const LayerBlob layer{Digest::of("diff"), blob, 5};
  ASSERT_TRUE(store->put_layer(tree, "gzip-6", layer).ok());
  ASSERT_TRUE(store
                  ->put_layer(tree, "pulled:application/x+gzip",
                              {Digest::of("diff"), Digest::of("absent"), 7})
                  .ok());
  EXPECT_EQ(*store->layer(tree, "gzip-6"), layer);
  EXPECT_FALSE((*store->layer(tree, "pulled:application/x+gzip")).has_value());
  EXPECT_FALSE((*store->layer(tree, "zstd-3")).has_value());
  EXPECT_EQ(*store->any_layer(tree), layer);
  write(store->blob_path(blob), "laye");
  EXPECT_FALSE((*store->layer(tree, "gzip-6")).has_value());
  EXPECT_FALSE((*store->any_layer(tree)).has_value());
  EXPECT_FALSE(exists(store->blob_path(blob)));
}

TEST_F(ObjectsTest, ReferencesTakeAnyName) {
  const auto store = open();
  Descriptor manifest;
  manifest.media_type = "application/vnd.oci.image.manifest.v1+json";
  manifest.digest = *store->put_blob("{}");
  manifest.size = 2;
  manifest.platform = "linux/arm/v7";
  manifest.annotations = {{"a", "b"}};
  const std::vector<std::string> names{"..",
                                       ".",
                                       "../../etc/passwd",
                                       "docker.io/library/debian:12",
                                       std::string(4000, 'n'),
                                       std::string(4000, 'n') + "m"};
  for (const std::string& name : names) {
    ASSERT_TRUE(store->set_ref(name, manifest).ok()) << name;
  }
  for (const std::string& name : names) {
    EXPECT_EQ(*store->ref(name), manifest) << name;
  }
  EXPECT_EQ(store->refs()->size(), names.size());
  ASSERT_TRUE(store->remove_ref("..").ok());
  ASSERT_TRUE(store->remove_ref("..").ok());
  EXPECT_FALSE((*store->ref("..")).has_value());
  EXPECT_EQ(store->refs()->size(), names.size() - 1);
  EXPECT_FALSE(store->set_ref("", manifest).ok());
}

// Two projects may make the same image and mount different files into it.
TEST_F(ObjectsTest, AReferenceKeepsWhatItsImageMounts) {
  const auto store = open();
  Descriptor manifest;
  manifest.media_type = "m";
  manifest.digest = *store->put_blob("{}");
  manifest.size = 2;
  const LocalMounts first{"/home/a", {{"src", "/data", {"*.o"}}}};
  const LocalMounts second{"/home/b\xff", {{"src", "/other", {}}, {"x", "/y", {}}}};
  ASSERT_TRUE(store->set_ref("first", manifest, first).ok());
  ASSERT_TRUE(store->set_ref("none", manifest).ok());
  ASSERT_TRUE(store->set_ref("second", manifest, second).ok());
  const std::vector<Ref> refs = *store->refs();
  ASSERT_EQ(refs.size(), 3U);
  EXPECT_EQ(refs[0].mounts, first);
  EXPECT_EQ(refs[1].mounts, LocalMounts());
  EXPECT_EQ(refs[2].mounts, second);
  EXPECT_EQ(*store->ref("second"), manifest);
  ASSERT_TRUE(store->set_ref("first", manifest).ok());
  EXPECT_EQ(store->refs()->at(0).mounts, LocalMounts());
}

// Rot below the file system leaves the times as they were, so the note of a verification still
// fits.
TEST_F(ObjectsTest, WhatRotsUnderANoteOfVerificationIsFoundByHashingAgain) {
  const auto store = open();
  const std::string text(std::size_t{3} << 20, 'r');
  const Digest digest = *store->put_blob(text);
  EXPECT_TRUE(*store->rehash_blob(digest));
  std::string rotten = text;
  rotten[1000] = 'R';
  const std::string path = store->blob_path(digest);
  write(path, rotten);
  // As if the times were those of the note.
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  write(fmt::format("{}/verified/{}-{:x}-{:x}", home_, digest.hex(), status.st_dev, status.st_ino),
        fmt::format("{} {}{:09} {}{:09}\n", status.st_size, status.st_mtim.tv_sec,
                    status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec));
  EXPECT_TRUE(*store->verify_blob(digest)) << "the note does not fit";
  EXPECT_FALSE(*store->rehash_blob(digest));
  EXPECT_FALSE(exists(path));
}

// Whatever has taken the name of a file gives way to it.
TEST_F(ObjectsTest, ADirectoryOrAFifoInPlaceOfAnObjectIsAMissAndIsReplaced) {
  const auto store = open();
  const Tree tree = tree_of("a", "text");
  const Digest digest = *store->put_tree(tree);
  const Digest blob = *store->put_blob("blob");
  const std::string record = "{}";
  const Digest step = Digest::of(record);
  const StepResult result{digest, {}, 1};
  ASSERT_TRUE(store->put_result(step, record, result).ok());
  Descriptor manifest;
  manifest.media_type = "m";
  manifest.digest = blob;
  ASSERT_TRUE(store->set_ref("name", manifest).ok());
  const std::vector<std::string> paths{"trees/" + digest.hex(), "blobs/sha256/" + blob.hex(),
                                       "steps/" + step.hex(), "steps/" + step.hex() + ".results",
                                       "refs/name"};
  for (const bool fifo : {false, true}) {
    for (const std::string& name : paths) {
      const std::string path = home_ + "/" + name;
      ASSERT_EQ(::unlink(path.c_str()), 0);
      ASSERT_EQ(fifo ? ::mkfifo(path.c_str(), 0600) : ::mkdir(path.c_str(), 0700), 0);
    }
    const auto fresh = open();
    EXPECT_FALSE((*fresh->tree(digest)).has_value());
    EXPECT_FALSE((*fresh->read_blob(blob)).has_value());
    EXPECT_TRUE(fresh->results(step)->empty());
    EXPECT_FALSE((*fresh->ref("name")).has_value());
    ASSERT_TRUE(fresh->put_tree(tree).ok());
    ASSERT_TRUE(fresh->put_blob("blob").ok());
    ASSERT_TRUE(fresh->put_result(step, record, result).ok());
    ASSERT_TRUE(fresh->set_ref("name", manifest).ok());
    for (const std::string& name : paths) {
      EXPECT_TRUE(open_regular_file(home_ + "/" + name).ok()) << name;
    }
  }
}

TEST_F(ObjectsTest, IndexListsCompleteImagesOnly) {
  const auto store = open();
  const std::string digest = Digest::of("config").str();
  Descriptor manifest;
  manifest.media_type = "application/vnd.oci.image.manifest.v1+json";
  const std::string text = R"({"config":{"digest":")" + digest + R"("},"layers":[]})";
  manifest.digest = *store->put_blob(text);
  manifest.size = text.size();
  ASSERT_TRUE(store->set_ref("incomplete", manifest).ok());
  EXPECT_EQ(read(home_ + "/index.json").find("incomplete"), std::string::npos);
  ASSERT_TRUE(store->put_blob("config").ok());
  ASSERT_TRUE(store->set_ref("complete", manifest).ok());
  EXPECT_NE(read(home_ + "/index.json").find("complete"), std::string::npos);
}

TEST_F(ObjectsTest, KeysResolutionsAndChains) {
  const auto store = open();
  Descriptor manifest;
  manifest.media_type = "m";
  manifest.digest = Digest::of("m");
  manifest.size = 3;
  ASSERT_TRUE(store->put_image(Digest::of("key"), manifest).ok());
  EXPECT_EQ(*store->image(Digest::of("key")), manifest);
  ASSERT_TRUE(store->put_resolved("a", "linux/amd64", Digest::of("1")).ok());
  ASSERT_TRUE(store->put_resolved("a", "linux/arm64", Digest::of("2")).ok());
  EXPECT_EQ(*store->resolved("a", "linux/amd64"), Digest::of("1"));
  EXPECT_EQ(*store->resolved("a", "linux/arm64"), Digest::of("2"));
  ASSERT_TRUE(store->put_resolved("a", "linux/amd64", Digest::of("3")).ok());
  EXPECT_EQ(*store->resolved("a", "linux/amd64"), Digest::of("3"));
  ASSERT_TRUE(store->put_chain_tree(Digest::of("c"), Digest::of("t")).ok());
  EXPECT_EQ(*store->chain_tree(Digest::of("c")), Digest::of("t"));
}

TEST_F(ObjectsTest, UseIsNotedAtMostDaily) {
  const auto store = open();
  Descriptor manifest;
  manifest.digest = Digest::of("m");
  ASSERT_TRUE(store->put_image(Digest::of("key"), manifest).ok());
  const std::string path = home_ + "/keys/" + Digest::of("key").hex();
  const auto used_after = [&](std::time_t mtime) {
    const struct utimbuf times { mtime, mtime };
    EXPECT_EQ(::utime(path.c_str(), &times), 0);
    EXPECT_TRUE((*store->image(Digest::of("key"))).has_value());
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mtime;
  };
  const std::time_t now = std::time(nullptr);
  EXPECT_EQ(used_after(now - 3600), now - 3600);
  EXPECT_GE(used_after(now - std::time_t{2} * 86400), now);
}

}  // namespace
}  // namespace strata::backend
