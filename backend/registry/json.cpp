// Reads the JSON that registries answer with.
#include "backend/registry/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ir/base/parse_json.h"

namespace strata::backend {
namespace {

using nlohmann::json;

std::string string_member(const json& object, const char* name) {
  if (!object.is_object()) {
    return "";
  }
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// null when it is no JSON.
json parse(std::string_view text) {
  Result<json> parsed = parse_json(text);
  return parsed ? *std::move(parsed) : json();
}

}  // namespace

std::optional<TokenAnswer> read_token(std::string_view body) {
  const json answer = parse(body);
  TokenAnswer token;
  token.token = string_member(answer, "token");
  if (token.token.empty()) {
    token.token = string_member(answer, "access_token");
  }
  // It becomes a header's value.
  if (token.token.empty() || std::any_of(token.token.begin(), token.token.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f;
      })) {
    return std::nullopt;
  }
  const auto seconds = answer.find("expires_in");
  // A negative time or none says nothing: the token that just came must hold for something.
  if (seconds != answer.end() && seconds->is_number_unsigned()) {
    constexpr std::uint64_t kDay = 86400;
    const auto said = static_cast<int>(std::min(seconds->get<std::uint64_t>(), kDay));
    token.seconds = said > 0 ? said : token.seconds;
  }
  return token;
}

std::string registry_error(std::string_view body) {
  const json answer = parse(body);
  if (!answer.is_object()) {
    return "";
  }
  const auto errors = answer.find("errors");
  if (errors != answer.end() && errors->is_array() && !errors->empty()) {
    const std::string code = string_member(errors->front(), "code");
    const std::string message = string_member(errors->front(), "message");
    return printable(code.empty() || message.empty() ? code + message : code + ": " + message);
  }
  // Token servers say `details` or `error_description`.
  for (const char* const name : {"details", "message", "error_description", "error"}) {
    const std::string text = string_member(answer, name);
    if (!text.empty()) {
      return printable(text);
    }
  }
  return "";
}

std::string media_type_member(std::string_view body) {
  return string_member(parse(body), "mediaType");
}

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 200;
  std::string out;
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  // Not in the middle of a UTF-8 sequence.
  if (text.size() > kLongest) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) {
      out.pop_back();
    }
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) {
      out.pop_back();
    }
    out += "…";
  }
  return out;
}

}  // namespace strata::backend
