// The streaming writer of canonical JSON (RFC 8785 over a restricted model).
#include "ir/base/canonical_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/base/check.h"
#include "ir/base/text.h"

namespace strata {
namespace {

// The largest integer that every JSON reader holds exactly (IEEE 754 double).
constexpr std::int64_t kMaxExact = (std::int64_t{1} << 53) - 1;

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view bytes) {
  out += '"';
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    const char* const special = std::find_if_not(at, end, is_plain);
    out.append(at, special);
    at = special;
    if (at != end) {
      append_escape(out, *at++);
    }
  }
  out += '"';
}

void CanonicalJson::before_value() {
  if (frames_.empty()) {
    STRATA_CHECK(text_.empty(), "a second value at the top of a JSON text");
    return;
  }
  Frame& frame = frames_.back();
  if (frame.is_object) {
    STRATA_CHECK(after_key_, "a JSON member without a name");
    after_key_ = false;
    return;
  }
  if (frame.has_items) {
    text_ += ',';
  }
  frame.has_items = true;
}

CanonicalJson& CanonicalJson::begin_object() {
  before_value();
  text_ += '{';
  frames_.push_back({.is_object = true, .has_items = false, .last_key = {}});
  return *this;
}

CanonicalJson& CanonicalJson::end_object() {
  STRATA_CHECK(!frames_.empty() && frames_.back().is_object && !after_key_,
               "end_object() where no object may end");
  frames_.pop_back();
  text_ += '}';
  return *this;
}

CanonicalJson& CanonicalJson::begin_array() {
  before_value();
  text_ += '[';
  frames_.push_back({.is_object = false, .has_items = false, .last_key = {}});
  return *this;
}

CanonicalJson& CanonicalJson::end_array() {
  STRATA_CHECK(!frames_.empty() && !frames_.back().is_object, "end_array() where no array is open");
  frames_.pop_back();
  text_ += ']';
  return *this;
}

CanonicalJson& CanonicalJson::key(std::string_view name) {
  STRATA_CHECK(!frames_.empty() && frames_.back().is_object && !after_key_,
               "a member name where no member may stand");
  Frame& frame = frames_.back();
  STRATA_CHECK(!frame.has_items || frame.last_key < name, "member names are not in byte order");
  STRATA_CHECK(std::all_of(name.begin(), name.end(),
                           [](char c) { return static_cast<unsigned char>(c) < 0x80; }),
               "a member name that is not ASCII");
  if (frame.has_items) {
    text_ += ',';
  }
  frame.has_items = true;
  frame.last_key = name;
  append_json_string(text_, name);
  text_ += ':';
  after_key_ = true;
  return *this;
}

CanonicalJson& CanonicalJson::string(std::string_view bytes) {
  if (is_utf8(bytes)) {
    before_value();
    append_json_string(text_, bytes);
    return *this;
  }
  return begin_object().key("base64").string(base64_encode(bytes)).end_object();
}

CanonicalJson& CanonicalJson::integer(std::int64_t value) {
  before_value();
  if (value > kMaxExact || value < -kMaxExact) {
    fmt::format_to(std::back_inserter(text_), "\"{}\"", value);
  } else {
    fmt::format_to(std::back_inserter(text_), "{}", value);
  }
  return *this;
}

CanonicalJson& CanonicalJson::boolean(bool value) {
  before_value();
  text_ += value ? "true" : "false";
  return *this;
}

CanonicalJson& CanonicalJson::null() {
  before_value();
  text_ += "null";
  return *this;
}

CanonicalJson& CanonicalJson::raw(std::string_view json) {
  before_value();
  text_ += json;
  return *this;
}

}  // namespace strata
