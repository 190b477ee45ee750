// Reading ahead changes neither bytes nor order, ends with what its source ends with, and stops
// when its reader does.
#include "backend/layer/read_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace strata::backend {
namespace {

// Pieces of growing size, then the end or an error; counts what was asked for.
class Pieces final : public ByteSource {
 public:
  Pieces(int count, Result<void> end) : left_(count), end_(std::move(end)) {}
  Result<std::string_view> next() override {
    ++asked_;
    if (left_ == 0) {
      return end_ ? Result<std::string_view>(std::string_view()) : end_.error();
    }
    // The same buffer each time: whoever keeps a piece must have copied it.
    piece_.assign(static_cast<std::size_t>(left_ % 5 + 1), static_cast<char>('a' + left_ % 26));
    --left_;
    return std::string_view(piece_);
  }
  [[nodiscard]] int asked() const { return asked_; }

 private:
  int left_;
  Result<void> end_;
  std::string piece_;
  std::atomic<int> asked_ = 0;
};

struct Read {
  std::string bytes;
  std::optional<Error> error;
};

Read read_all(ByteSource& source) {
  Read read;
  for (;;) {
    const auto piece = source.next();
    if (!piece) {
      read.error = piece.error();
      return read;
    }
    if (piece->empty()) {
      return read;
    }
    read.bytes += *piece;
  }
}

TEST(ReadAhead, GivesTheBytesOfItsSource) {
  for (const int count : {0, 1, 7, 8, 9, 1000}) {
    Pieces direct(count, {});
    Pieces source(count, {});
    ReadAhead ahead(source);
    EXPECT_EQ(read_all(ahead).bytes, read_all(direct).bytes) << count;
    // The end stays the end.
    EXPECT_TRUE(ahead.next()->empty());
    EXPECT_EQ(source.asked(), count + 1);
  }
}

TEST(ReadAhead, GivesTheErrorAfterTheBytesBeforeIt) {
  Pieces source(100, Error{ErrorCode::Corrupt, "cut off"});
  ReadAhead ahead(source);
  const Read read = read_all(ahead);
  EXPECT_GT(read.bytes.size(), 100U);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(read.error->message, "cut off");
  EXPECT_EQ(ahead.next().error().code, ErrorCode::Corrupt);
}

TEST(ReadAhead, StopsWhenItsReaderDoes) {
  Pieces source(1'000'000, {});
  {
    ReadAhead ahead(source);
    ASSERT_TRUE(ahead.next().ok());
  }
  EXPECT_LT(source.asked(), 20);
}

}  // namespace
}  // namespace strata::backend
