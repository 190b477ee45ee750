#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "backend/store/store.h"
#include "backend/system/files.h"
#include "tests/unit/system/temp_directory.h"

namespace strata::backend {

// Stores in a directory of the test's own.
class TemporaryStoreTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Store> open() const { return open("home"); }
  // One of several.
  [[nodiscard]] std::unique_ptr<Store> open(const std::string& name) const {
    Result<std::unique_ptr<Store>> store = Store::open(directory_ + "/" + name);
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

  const TempDirectory temporary_;
  const std::string directory_ = temporary_.path();
  const std::string home_ = directory_ + "/home";
};

// The same with a store that is open during the test.
class OpenStoreTest : public TemporaryStoreTest {
 protected:
  void SetUp() override {
    TemporaryStoreTest::SetUp();
    store_ = open();
    ASSERT_NE(store_, nullptr);
  }
  void TearDown() override {
    store_.reset();
    TemporaryStoreTest::TearDown();
  }

  std::unique_ptr<Store> store_;
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
