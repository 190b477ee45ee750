#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "backend/store/store.h"
#include "backend/system/fd.h"

namespace strata::backend {

// Changes a large blob as a disk does: the store's note of its verification goes on holding.
inline void rot(const Store& store, const Digest& digest) {
  EXPECT_TRUE(*store.verify_blob(digest));
  const Fd fd(::open(store.blob_path(digest).c_str(), O_RDWR | O_CLOEXEC));
  struct stat status {};
  char byte = 0;
  ASSERT_EQ(::fstat(fd.get(), &status), 0);
  const off_t middle = status.st_size / 2;
  ASSERT_EQ(::pread(fd.get(), &byte, 1, middle), 1);
  byte = static_cast<char>(byte ^ 1);
  ASSERT_EQ(::pwrite(fd.get(), &byte, 1, middle), 1);
  ASSERT_EQ(::fstat(fd.get(), &status), 0);
  int notes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(store.path() + "/verified")) {
    if (entry.path().filename().string().starts_with(digest.hex())) {
      const auto nanoseconds = [](const struct timespec& time) {
        return std::to_string(std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec);
      };
      std::ofstream(entry.path()) << std::to_string(status.st_size) << " "
                                  << nanoseconds(status.st_mtim) << " "
                                  << nanoseconds(status.st_ctim) << "\n";
      ++notes;
    }
  }
  EXPECT_EQ(notes, 1) << "blobs under 1 MiB have no note";
}

}  // namespace strata::backend
