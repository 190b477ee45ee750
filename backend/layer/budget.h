#pragma once

#include <cstdint>
#include <string>

#include "ir/base/result.h"

namespace strata::backend {

// What one layer or archive may cost, by its own size: a small one cannot take the machine.
class ArchiveBudget {
 public:
  // `size`: the archive's bytes as it came, compressed. At most `max_content` bytes of content.
  ArchiveBudget(std::uint64_t size, std::uint64_t max_content);

  // Counts memory for what the member brings: names, link targets, whiteouts, extended attributes,
  // sparse regions. Error Corrupt, naming the member: more than 256 MiB and 20 times the size.
  Result<void> take_memory(const std::string& member, std::uint64_t bytes);
  // Counts bytes of files, holes included. Error Corrupt, naming the member: more than the limit of
  // content.
  Result<void> take_content(const std::string& member, std::uint64_t bytes);
  // 1 GiB and 1,100 times the size, which is more than gzip can do; or `max_content`.
  [[nodiscard]] std::uint64_t content_limit() const { return content_limit_; }

 private:
  std::uint64_t memory_limit_;
  std::uint64_t content_limit_;
  std::uint64_t memory_ = 0;
  std::uint64_t content_ = 0;
};

// How a member is named in an error: cut where no root could hold the name.
[[nodiscard]] std::string shown_member(const std::string& name);

}  // namespace strata::backend
