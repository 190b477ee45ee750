// BlockPipeline: one thread reads, hashes and writes while others compress.
#include "backend/layer/block_pipeline.h"

#include <algorithm>
#include <cstring>
#include <system_error>

#include "backend/layer/block_codec.h"

namespace strata::backend {

BlockPipeline::BlockPipeline(const EmissionProfile& profile, unsigned jobs, ByteSink& sink)
    : profile_(profile),
      jobs_(std::max(jobs, 1U)),
      sink_(&sink),
      block_size_(block_size(profile.codec)),
      current_(std::make_unique<Slot>()) {
  current_->in.resize(block_size_);
}

BlockPipeline::~BlockPipeline() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  work_ready_.notify_all();
  for (std::thread& worker : workers_) {
    worker.join();
  }
}

BlockPipeline::Space BlockPipeline::space() {
  return {current_->in.data() + current_->used, block_size_ - current_->used};
}

Result<void> BlockPipeline::advance(std::size_t filled) {
  current_->used += filled;
  return current_->used == block_size_ ? submit() : Result<void>();
}

Result<void> BlockPipeline::append(std::string_view data) {
  while (!data.empty()) {
    const Space free = space();
    const std::size_t count = std::min(free.size, data.size());
    std::memcpy(free.data, data.data(), count);
    data.remove_prefix(count);
    STRATA_TRY(advance(count));
  }
  return {};
}

Result<void> BlockPipeline::append_zeros(std::size_t count) {
  while (count > 0) {
    const Space free = space();
    const std::size_t part = std::min(free.size, count);
    std::memset(free.data, 0, part);
    count -= part;
    STRATA_TRY(advance(part));
  }
  return {};
}

Result<LayerBlob> BlockPipeline::finish() {
  if (current_->used > 0) {
    STRATA_TRY(submit());
  }
  while (!in_flight_.empty()) {
    STRATA_TRY(drain_oldest());
  }
  LayerBlob result;
  result.diff_id = diff_.finish();
  result.blob = profile_.codec == Codec::None ? result.diff_id : blob_.finish();
  result.size = size_;
  return result;
}

Result<void> BlockPipeline::submit() {
  const std::string_view block(current_->in.data(), current_->used);
  if (profile_.codec == Codec::None) {
    diff_.update(block);
    current_->used = 0;
    return emit(block);
  }
  STRATA_TRY(start_workers());
  Slot* slot = current_.get();
  in_flight_.push_back(std::move(current_));
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(slot);
  }
  work_ready_.notify_one();
  // A worker only reads the block, so it is hashed meanwhile.
  diff_.update(block);
  // Enough in flight that no worker waits while the caller opens files.
  const std::size_t limit = std::size_t{2} * jobs_ + 2;
  if (in_flight_.size() >= limit) {
    STRATA_TRY(drain_oldest());
  }
  if (free_.empty()) {
    current_ = std::make_unique<Slot>();
    current_->in.resize(block_size_);
  } else {
    current_ = std::move(free_.back());
    free_.pop_back();
    current_->used = 0;
    current_->done = false;
  }
  return {};
}

Result<void> BlockPipeline::start_workers() {
  if (!workers_.empty()) {
    return {};
  }
  try {
    for (unsigned i = 0; i < jobs_; ++i) {
      workers_.emplace_back([this] { work(); });
    }
  } catch (const std::system_error& error) {
    // Fewer threads do as well, and the bytes are the same; none do not.
    if (workers_.empty()) {
      return Error{ErrorCode::Machine, std::string("cannot start a thread: ") + error.what()};
    }
  }
  return {};
}

Result<void> BlockPipeline::drain_oldest() {
  std::unique_ptr<Slot> slot = std::move(in_flight_.front());
  in_flight_.pop_front();
  {
    std::unique_lock lock(mutex_);
    piece_ready_.wait(lock, [&] { return slot->done; });
  }
  if (slot->error) {
    return *std::move(slot->error);
  }
  STRATA_TRY(emit(slot->out));
  free_.push_back(std::move(slot));
  return {};
}

Result<void> BlockPipeline::emit(std::string_view piece) {
  if (profile_.codec != Codec::None) {
    blob_.update(piece);
  }
  size_ += piece.size();
  return sink_->write(piece.data(), piece.size());
}

void BlockPipeline::work() {
  const std::unique_ptr<BlockCodec> codec = make_block_codec(profile_);
  for (;;) {
    Slot* slot = nullptr;
    {
      std::unique_lock lock(mutex_);
      work_ready_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) {
        return;
      }
      slot = waiting_.front();
      waiting_.pop_front();
    }
    const Result<void> result =
        codec->compress(std::string_view(slot->in.data(), slot->used), slot->out);
    {
      const std::lock_guard lock(mutex_);
      if (!result) {
        slot->error = result.error();
      }
      slot->done = true;
    }
    piece_ready_.notify_one();
  }
}

}  // namespace strata::backend
