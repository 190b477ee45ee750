#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "backend/layer/layer.h"

namespace strata::backend {

// Cuts a stream into blocks, compresses them on `jobs` threads and hands the pieces to the sink in
// order, hashing both sides. The caller's thread fills blocks, hashes and writes; memory is bounded
// by a few blocks per thread. Not thread-safe itself.
class BlockPipeline {
 public:
  BlockPipeline(const EmissionProfile& profile, unsigned jobs, ByteSink& sink);
  ~BlockPipeline();
  BlockPipeline(const BlockPipeline&) = delete;
  BlockPipeline& operator=(const BlockPipeline&) = delete;

  // Free space in the current block, never empty. Fill a part of it, then advance().
  struct Space {
    char* data;
    std::size_t size;
  };
  [[nodiscard]] Space space();
  Result<void> advance(std::size_t filled);

  Result<void> append(std::string_view data);
  Result<void> append_zeros(std::size_t count);
  // Flushes what is left; nothing may follow.
  Result<LayerBlob> finish();

 private:
  struct Slot {
    std::string in;
    std::size_t used = 0;
    std::string out;
    std::optional<Error> error;
    bool done = false;
  };

  Result<void> submit();
  Result<void> start_workers();
  Result<void> drain_oldest();
  Result<void> emit(std::string_view piece);
  void work();

  EmissionProfile profile_;
  unsigned jobs_;
  ByteSink* sink_;
  std::size_t block_size_;
  Sha256 diff_;
  Sha256 blob_;
  std::uint64_t size_ = 0;

  std::unique_ptr<Slot> current_;
  std::vector<std::unique_ptr<Slot>> free_;
  // Submitted and not yet written, oldest first; only the caller's thread touches it.
  std::deque<std::unique_ptr<Slot>> in_flight_;

  std::mutex mutex_;
  std::condition_variable work_ready_;
  std::condition_variable piece_ready_;
  std::deque<Slot*> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace strata::backend
