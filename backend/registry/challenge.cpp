// Parses WWW-Authenticate and works out token scopes.
#include <algorithm>

#include "backend/registry/auth.h"
#include "backend/registry/url.h"
#include "ir/base/text.h"

namespace strata::backend {
namespace {

bool is_token_char(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kOthers.find(c) != std::string_view::npos;
}

class ChallengeReader {
 public:
  explicit ChallengeReader(std::string_view text) : rest_(text) {}

  std::vector<Challenge> read() {
    std::vector<Challenge> challenges;
    std::string word = skip_to_token();
    while (!word.empty()) {
      Challenge challenge{ascii_lower(word), {}};
      word = read_parameters(challenge);
      challenges.push_back(std::move(challenge));
    }
    return challenges;
  }

 private:
  // Parameters up to the next scheme, which is returned; "" at the end.
  std::string read_parameters(Challenge& challenge) {
    while (true) {
      std::string name = skip_to_token();
      if (name.empty()) {
        return "";
      }
      const std::string_view after_name = rest_;
      skip_space();
      if (rest_.empty() || rest_.front() != '=') {
        // `Basic realm="x", Bearer realm="y"`: a token without a value is the next scheme.
        rest_ = after_name;
        return name;
      }
      rest_.remove_prefix(1);
      skip_space();
      challenge.parameters.emplace_back(ascii_lower(name), read_value());
    }
  }

  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
      rest_.remove_prefix(1);
    }
  }

  std::string skip_to_token() {
    while (!rest_.empty() &&
           (rest_.front() == ' ' || rest_.front() == '\t' || rest_.front() == ',')) {
      rest_.remove_prefix(1);
    }
    return read_token_text();
  }

  std::string read_token_text() {
    std::size_t size = 0;
    while (size < rest_.size() && is_token_char(rest_[size])) {
      ++size;
    }
    std::string token(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return token;
  }

  std::string read_value() {
    if (rest_.empty() || rest_.front() != '"') {
      // Unquoted values hold more than tokens in practice (a realm's URL).
      const std::size_t end = std::min(rest_.find_first_of(", \t"), rest_.size());
      std::string value(rest_.substr(0, end));
      rest_.remove_prefix(end);
      return value;
    }
    rest_.remove_prefix(1);
    std::string value;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) {
        rest_.remove_prefix(1);
      }
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!rest_.empty()) {
      rest_.remove_prefix(1);
    }
    return value;
  }

  std::string_view rest_;
};

// "repository:a/b:pull,push" → "repository:a/b" and "pull,push".
std::pair<std::string, std::string> split_scope(const std::string& scope) {
  const std::size_t colon = scope.rfind(':');
  if (colon == std::string::npos) {
    return {scope, ""};
  }
  return {scope.substr(0, colon), scope.substr(colon + 1)};
}

}  // namespace

std::string Challenge::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

std::vector<Challenge> parse_challenges(std::string_view header) {
  return ChallengeReader(header).read();
}

Scopes merge_scopes(const Scopes& own, std::string_view challenge_scope) {
  Scopes merged = split_words(challenge_scope, ' ');
  if (merged.empty()) {
    return own;
  }
  Scopes others;
  bool speaks_of_ours = false;
  for (const std::string& scope : own) {
    // Not a structured binding: clang 14 cannot capture one.
    const std::pair<std::string, std::string> parts = split_scope(scope);
    const std::string& resource = parts.first;
    const auto same = std::find_if(merged.begin(), merged.end(), [&](const std::string& theirs) {
      return split_scope(theirs).first == resource;
    });
    if (same == merged.end()) {
      others.push_back(scope);
      continue;
    }
    speaks_of_ours = true;
    std::vector<std::string> all = split_words(split_scope(*same).second, ',');
    for (const std::string& action : split_words(parts.second, ',')) {
      if (std::find(all.begin(), all.end(), action) == all.end()) {
        all.push_back(action);
      }
    }
    std::string text = resource;
    for (std::size_t i = 0; i < all.size(); ++i) {
      text += (i == 0 ? ":" : ",") + all[i];
    }
    *same = text;
  }
  if (speaks_of_ours) {
    merged.insert(merged.end(), others.begin(), others.end());
  }
  return merged;
}

bool may_send_credentials(const std::string& registry_origin, const std::string& realm) {
  const std::optional<Url> to = Url::parse(realm);
  const std::optional<Url> from = Url::parse(registry_origin);
  if (!to || !from) {
    return false;
  }
  return to->scheme == "https" || is_loopback_host(to->host) ||
         (from->scheme == "http" && from->host == to->host);
}

}  // namespace strata::backend
