// The head and body of one HTTP answer, apart from the transport so that it can be tested.
#include "backend/registry/answer_reader.h"

#include <cstdlib>
#include <string>

#include "ir/base/text.h"

namespace strata::backend {
namespace {

constexpr std::size_t kMaxHead = std::size_t{256} << 10;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\r' || text.back() == '\n')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

bool AnswerReader::take_head_line(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    response_.headers.clear();
    last_header_ = response_.headers.end();
    const std::size_t space = line.find(' ');
    response_.status =
        space == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(space)).c_str());
    return true;
  }
  head_size_ += line.size();
  if (head_size_ > kMaxHead) {
    exceeded_ = kMaxHead;
    return false;
  }
  const std::string_view text = trim(line);
  if (text.empty()) {
    return true;
  }
  if (is_blank(line.front())) {
    if (last_header_ != response_.headers.end()) {
      last_header_->second.append(" ").append(text);
    }
    return true;
  }
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    last_header_ = response_.headers.emplace(ascii_lower(text.substr(0, colon)),
                                             std::string(trim(text.substr(colon + 1))));
  }
  return true;
}

bool AnswerReader::take_body(const char* data, std::size_t size) {
  const bool success = response_.status >= 200 && response_.status < 300;
  if (success && !head_given_) {
    head_given_ = true;
    if (request_.on_head && !request_.on_head(response_)) {
      return false;
    }
  }
  if (success && request_.on_body) {
    return size == 0 || request_.on_body(data, size);
  }
  if (response_.body.size() + size > request_.max_body) {
    exceeded_ = request_.max_body;
    return false;
  }
  response_.body.append(data, size);
  return true;
}

}  // namespace strata::backend
