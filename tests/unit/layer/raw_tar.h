#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "backend/layer/tar_writer.h"
#include "backend/tree/tree.h"

namespace strata::backend {

// Writes members as they come, whatever their names, which write_layer would not.
class RawTar {
 public:
  RawTar& add(const std::string& path, EntryType type, const std::string& link = "",
              const std::string& data = "", std::uint32_t mode = 0644, std::uint32_t uid = 0) {
    TreeEntry entry;
    // append_tar_header refuses these names; the header is patched afterwards.
    entry.path = std::string(path.size(), 'P');
    entry.type = type;
    entry.mode = mode;
    entry.uid = uid;
    entry.link = link;
    entry.size = data.size();
    std::string header;
    EXPECT_TRUE(append_tar_header(header, entry).ok());
    header.replace(0, path.size(), path);
    fix_checksum(header);
    text_ += header + data + std::string(tar_padding(data.size()), '\0');
    return *this;
  }
  RawTar& file(const std::string& path, const std::string& data) {
    return add(path, EntryType::File, "", data);
  }
  // Records of a pax header for the member that comes next.
  RawTar& pax(const std::vector<std::pair<std::string, std::string>>& records) {
    std::string body;
    for (const auto& [key, value] : records) {
      const std::size_t rest = key.size() + value.size() + 3;
      std::size_t length = rest + 1;
      while (rest + std::to_string(length).size() != length) {
        length = rest + std::to_string(length).size();
      }
      body.append(std::to_string(length)).append(" ").append(key).append("=").append(value);
      body.append("\n");
    }
    const std::size_t at = text_.size();
    file("pax", body);
    std::string header = text_.substr(at, kTarBlock);
    header[156] = 'x';
    fix_checksum(header);
    text_.replace(at, kTarBlock, header);
    return *this;
  }
  [[nodiscard]] std::string text() const { return text_ + std::string(kTarEnd, '\0'); }

  static void fix_checksum(std::string& header) {
    header.replace(148, 8, "        ");
    unsigned sum = 0;
    for (std::size_t i = 0; i < kTarBlock; ++i) {
      sum += static_cast<unsigned char>(header[i]);
    }
    std::string digits(7, '\0');
    (void)::snprintf(digits.data(), digits.size(), "%06o", sum);
    header.replace(148, 7, digits);
  }

 private:
  std::string text_;
};

}  // namespace strata::backend
