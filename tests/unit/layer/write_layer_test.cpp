// write_layer: bytes that depend on the tree and the profile alone, and that others can read.
#include <gtest/gtest.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "backend/layer/layer.h"
#include "tests/unit/layer/layer_support.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::backend {
namespace {

TEST(WriteLayer, HeaderBytesArePinned) {
  const Sample sample = plain_sample();
  const std::string tar = layer_bytes(sample, "none", 1);
  ASSERT_EQ(tar.size(), 512U * (1 + 2 + 1 + 1 + 2));
  EXPECT_EQ(tar.substr(0, 5), std::string("dir/\0", 5));
  EXPECT_EQ(tar.substr(100, 57), std::string("0000755\0"
                                             "0000000\0"
                                             "0000000\0"
                                             "00000000000\0"
                                             "00000000007\0"
                                             "007772\0 "
                                             "5",
                                             57));
  EXPECT_EQ(tar.substr(257, 8), std::string("ustar\0"
                                            "00",
                                            8));
  // No names of the host, and nothing after the prefix.
  EXPECT_EQ(tar.substr(265, 64), std::string(64, '\0'));
  EXPECT_NE(tar.find("dir/.wh.gone"), std::string::npos);
  EXPECT_EQ(tar.substr(tar.size() - 1024), std::string(1024, '\0'));
  EXPECT_EQ(Digest::of(tar), layer_of(sample, "none", 1).diff_id);
}

TEST(WriteLayer, SameBytesForAnyNumberOfJobsAndAnyLocale) {
  const Sample sample = random_sample(3, 3'000'000);
  for (const char* profile : {"gzip", "gzip:1", "zstd", "none"}) {
    const std::string bytes = layer_bytes(sample, profile, 1);
    EXPECT_EQ(bytes, layer_bytes(sample, profile, 2)) << profile;
    EXPECT_EQ(bytes, layer_bytes(sample, profile, 5)) << profile;
    for (const char* name : {"tr_TR.UTF-8", "C.UTF-8", "C"}) {
      if (::setlocale(LC_ALL, name) != nullptr) {
        EXPECT_EQ(bytes, layer_bytes(sample, profile, 2)) << name;
      }
      (void)::setlocale(LC_ALL, "C");
    }
    const LayerBlob blob = layer_of(sample, profile, 3);
    EXPECT_EQ(blob.blob, Digest::of(bytes));
    EXPECT_EQ(blob.size, bytes.size());
    EXPECT_EQ(blob.diff_id, layer_of(sample, "none", 1).diff_id);
  }
}

TEST(WriteLayer, GzipMembersHaveAFixedHeader) {
  const std::string bytes = layer_bytes(random_sample(4, 3'000'000), "gzip", 2);
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
}

TEST(WriteLayer, ReadsBackAsTheSameTree) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    const Sample sample = random_sample(seed, 40'000);
    for (const char* profile : {"gzip", "zstd", "none"}) {
      const TempDirectory dir;
      dir.write("blob", layer_bytes(sample, profile, 2));
      // What the whiteouts remove.
      auto lower = std::make_shared<Tree>(sample.tree);
      for (TreeEntry& entry : lower->entries) {
        entry.type = entry.type == EntryType::Whiteout ? EntryType::Fifo : entry.type;
      }
      const Result<ReadLayer> layer = read_layer(dir.at("blob"), RootView({lower}), {});
      ASSERT_OK(layer);
      EXPECT_EQ(print_tree(layer->tree), print_tree(sample.tree)) << seed << profile;
      EXPECT_EQ(layer->diff_id, layer_of(sample, "none", 1).diff_id);
    }
  }
}

TEST(WriteLayer, FileThatChangedIsAnError) {
  Sample sample = plain_sample();
  sample.files["dir/file"] = "other";
  NullSink sink;
  const auto content = memory_content(sample.files);
  for (const unsigned jobs : {1U, 4U}) {
    const Result<LayerBlob> blob =
        write_layer(sample.tree, *content, *EmissionProfile::parse("gzip"), jobs, sink);
    ASSERT_FALSE(blob.ok());
    EXPECT_EQ(blob.error().code, ErrorCode::Corrupt);
    EXPECT_EQ(blob.error().message, "dir/file: changed while it was read");
  }
  sample.files["dir/file"] = "short";
  sample.files["dir/file"].resize(1);
  EXPECT_FALSE(write_layer(sample.tree, *memory_content(sample.files),
                           *EmissionProfile::parse("none"), 1, sink)
                   .ok());
}

class FullSink final : public ByteSink {
 public:
  Result<void> write(const void* /*data*/, std::size_t size) override {
    written_ += size;
    return written_ < 100'000 ? Result<void>() : Error{ErrorCode::Machine, "full"};
  }

 private:
  std::size_t written_ = 0;
};

TEST(WriteLayer, SinkThatFailsEndsIt) {
  const Sample sample = random_sample(5, 9'000'000);
  for (const char* profile : {"gzip", "zstd", "none"}) {
    FullSink sink;
    const Result<LayerBlob> blob = write_layer(sample.tree, *memory_content(sample.files),
                                               *EmissionProfile::parse(profile), 3, sink);
    ASSERT_FALSE(blob.ok());
    EXPECT_EQ(blob.error().message, "full");
  }
}

TEST(WriteLayer, RefusesNamesThatMeanDeletions) {
  Sample sample;
  sample.add(".wh.x", EntryType::Fifo);
  NullSink sink;
  const Result<LayerBlob> blob =
      write_layer(sample.tree, *memory_content({}), *EmissionProfile::parse("none"), 1, sink);
  ASSERT_FALSE(blob.ok());
  EXPECT_EQ(blob.error().code, ErrorCode::Input);
}

// GNU tar and bsdtar unpack what was written, and a scan of it gives the tree again.
TEST(WriteLayer, OtherToolsUnpackTheSame) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs chown";
  }
  for (const std::string& tool :
       {std::string("tar --xattrs --xattrs-include='*' --numeric-owner -p -xf"),
        std::string("bsdtar --numeric-owner -p -xf")}) {
    if (std::system(("command -v " + tool.substr(0, tool.find(' ')) + " >/dev/null").c_str()) !=
        0) {
      continue;
    }
    for (unsigned seed = 100; seed < 106; ++seed) {
      Sample sample = random_sample(seed, 50'000);
      auto& entries = sample.tree.entries;
      entries.erase(std::remove_if(entries.begin(), entries.end(),
                                   [](const TreeEntry& e) {
                                     return e.type == EntryType::Whiteout || e.mtime < 0;
                                   }),
                    entries.end());
      drop_orphans(sample.tree);
      const TempDirectory dir;
      dir.write("layer.tar", layer_bytes(sample, "gzip", 2));
      dir.directory("out");
      const std::string command =
          "cd " + dir.at("out") + " && LC_ALL=C " + tool + " ../layer.tar 2>" + dir.at("log");
      ASSERT_EQ(std::system(command.c_str()), 0) << *read_file(dir.at("log"));
      EXPECT_EQ(print_tree(scanned(dir.at("out"))), print_tree(sample.tree)) << tool << seed;
    }
  }
}

TEST(EmissionProfile, Spellings) {
  EXPECT_EQ(EmissionProfile::parse("gzip")->level, 6);
  EXPECT_EQ(EmissionProfile::parse("zstd:19")->level, 19);
  EXPECT_EQ(EmissionProfile::parse("none")->name(), "none");
  EXPECT_EQ(EmissionProfile::parse("gzip:9")->name().rfind("gzip-9-libdeflate-", 0), 0U);
  EXPECT_EQ(EmissionProfile::parse("zstd")->media_type(),
            "application/vnd.oci.image.layer.v1.tar+zstd");
  for (const char* bad : {"", "gz", "gzip:", "gzip:0", "gzip:13", "gzip:6x", "zstd:23", "none:1"}) {
    const Result<EmissionProfile> profile = EmissionProfile::parse(bad);
    ASSERT_FALSE(profile.ok()) << bad;
    EXPECT_EQ(profile.error().code, ErrorCode::Input);
  }
}

}  // namespace
}  // namespace strata::backend
