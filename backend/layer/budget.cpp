// ArchiveBudget: limits that grow with the archive, so that none stands in the way of a real one.
#include "backend/layer/budget.h"

#include <algorithm>

namespace strata::backend {
namespace {

constexpr std::uint64_t kFreeMemory = std::uint64_t{256} << 20;
constexpr std::uint64_t kMemoryRatio = 20;
constexpr std::uint64_t kFreeContent = std::uint64_t{1} << 30;
constexpr std::uint64_t kContentRatio = 1100;
// No sum or product of sizes of files overflows below it.
constexpr std::uint64_t kLargest = std::uint64_t{1} << 50;

}  // namespace

ArchiveBudget::ArchiveBudget(std::uint64_t size, std::uint64_t max_content)
    : memory_limit_(kFreeMemory + kMemoryRatio * std::min(size, kLargest)),
      content_limit_(
          std::min(max_content, kFreeContent + kContentRatio * std::min(size, kLargest))) {}

Result<void> ArchiveBudget::take_memory(const std::string& member, std::uint64_t bytes) {
  if (bytes > memory_limit_ - memory_) {
    return Error{ErrorCode::Corrupt,
                 shown_member(member) +
                     ": names, whiteouts, extended attributes and sparse regions take more than " +
                     std::to_string(memory_limit_) + " bytes of memory, too many for its size"};
  }
  memory_ += bytes;
  return {};
}

Result<void> ArchiveBudget::take_content(const std::string& member, std::uint64_t bytes) {
  // No sum: a hole may be as large as a number can say.
  if (bytes > content_limit_ - content_) {
    return Error{ErrorCode::Corrupt, shown_member(member) + ": the archive unpacks to more than " +
                                         std::to_string(content_limit_) +
                                         " bytes, too many for its size"};
  }
  content_ += bytes;
  return {};
}

std::string shown_member(const std::string& name) {
  constexpr std::size_t kShown = 200;
  return name.size() <= kShown ? name : name.substr(0, kShown) + "…";
}

}  // namespace strata::backend
