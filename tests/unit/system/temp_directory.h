#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "backend/system/files.h"

namespace strata::backend {

// A directory of a test's own, removed with it.
class TempDirectory {
 public:
  explicit TempDirectory(const std::string& parent = "/tmp")
      : path_(parent + "/strata-test-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) {
      std::abort();
    }
  }
  ~TempDirectory() {
    const Result<void> removed = remove_tree(path_);
    EXPECT_TRUE(removed.ok());
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string at(const std::string& name) const { return path_ + "/" + name; }

  // Makes parents as needed.
  void write(const std::string& name, const std::string& data) const {
    const std::string file = at(name);
    ASSERT_TRUE(make_directories(file.substr(0, file.rfind('/'))).ok());
    std::ofstream out(file, std::ios::binary);
    out << data;
    ASSERT_TRUE(out.good());
  }
  void directory(const std::string& name) const { ASSERT_TRUE(make_directories(at(name)).ok()); }
  void symlink(const std::string& target, const std::string& name) const {
    ASSERT_EQ(::symlink(target.c_str(), at(name).c_str()), 0);
  }
  // One that nobody listens on.
  void socket(const std::string& name) const {
    const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    at(name).copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }

 private:
  std::string path_;
};

// EXPECT_OK(f()) shows the message of a failure.
#define EXPECT_OK(expression)                                               \
  do {                                                                      \
    const auto expect_ok_result = (expression);                             \
    EXPECT_TRUE(expect_ok_result.ok()) << expect_ok_result.error().message; \
  } while (false)

#define ASSERT_OK(result) ASSERT_TRUE((result).ok()) << (result).error().message

}  // namespace strata::backend
