#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace strata {

// A streaming writer of canonical JSON: RFC 8785 over a restricted model. No white space; member
// names are ASCII and must come in byte order, each once (checked: a caller that breaks it has a
// bug); strings are escaped as RFC 8785 3.2.2.2 says; integers outside ±(2^53−1) become decimal
// strings; a string that is not UTF-8 becomes {"base64":"…"}. Nothing is Unicode-normalized, and
// there are no floating-point numbers.
class CanonicalJson {
 public:
  CanonicalJson& begin_object();
  CanonicalJson& end_object();
  CanonicalJson& begin_array();
  CanonicalJson& end_array();
  CanonicalJson& key(std::string_view name);
  CanonicalJson& string(std::string_view bytes);
  CanonicalJson& integer(std::int64_t value);
  CanonicalJson& boolean(bool value);
  CanonicalJson& null();
  // `json` must be canonical JSON already (a record that was written by this class).
  CanonicalJson& raw(std::string_view json);

  // The text so far; complete when every object and array is closed.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void before_value();

  struct Frame {
    bool is_object = false;
    bool has_items = false;
    std::string last_key;
  };
  std::string text_;
  std::vector<Frame> frames_;
  bool after_key_ = false;
};

// Appends `bytes` as a JSON string literal, quotes included. `bytes` must be UTF-8.
void append_json_string(std::string& out, std::string_view bytes);

}  // namespace strata
