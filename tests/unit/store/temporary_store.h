#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "backend/store/store.h"
#include "backend/system/files.h"

namespace strata::backend {

// A directory of a test's own, removed at its end.
class TemporaryStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "strata-store-XXXXXX";
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    home_ = directory_ + "/home";
  }
  void TearDown() override { EXPECT_TRUE(remove_tree(directory_).ok()); }

  [[nodiscard]] std::unique_ptr<Store> open() const {
    Result<std::unique_ptr<Store>> store = Store::open(home_);
    EXPECT_TRUE(store.ok()) << (store ? "" : store.error().message);
    return store ? *std::move(store) : nullptr;
  }

  static void write(const std::string& path, const std::string& text) {
    // Objects of the store are read-only.
    ::unlink(path.c_str());
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  std::string directory_;
  std::string home_;
};

inline Tree tree_of(const std::string& name, const std::string& text) {
  TreeEntry entry;
  entry.path = name;
  entry.mode = 0644;
  entry.size = text.size();
  entry.mtime = 1;
  entry.sha256 = Digest::of(text);
  return Tree{{entry}};
}

}  // namespace strata::backend
