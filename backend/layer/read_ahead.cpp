// ReadAhead: one thread fills a ring of pieces, the reader empties it.
#include "backend/layer/read_ahead.h"

namespace strata::backend {

ReadAhead::ReadAhead(ByteSource& source) : source_(&source), thread_([this] { read(); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::read() {
  while (put(source_->next())) {
  }
}

bool ReadAhead::put(Result<std::string_view> piece) {
  std::unique_lock lock(mutex_);
  if (!piece || piece->empty()) {
    end_ = piece ? Result<void>() : Result<void>(std::move(piece).error());
    changed_.notify_all();
    return false;
  }
  // One slot is the piece that the reader holds.
  changed_.wait(lock, [&] { return count_ + 1 < kPieces || gone_; });
  if (gone_) {
    return false;
  }
  std::string& slot = pieces_[(first_ + count_) % kPieces];
  lock.unlock();
  slot.assign(*piece);
  lock.lock();
  ++count_;
  changed_.notify_all();
  return true;
}

Result<std::string_view> ReadAhead::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return count_ > 0 || end_; });
  if (count_ > 0) {
    const std::string& piece = pieces_[first_];
    first_ = (first_ + 1) % kPieces;
    --count_;
    changed_.notify_all();
    return std::string_view(piece);
  }
  if (!end_->ok()) {
    return end_->error();
  }
  return std::string_view();
}

}  // namespace strata::backend
