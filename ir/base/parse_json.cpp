// Measures JSON text, then has nlohmann parse it.
#include "ir/base/parse_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ir/base/text.h"

namespace strata {
namespace {

struct Extent {
  int depth = 0;
  std::size_t values = 1;
};

// What a text could grow to, by its brackets and commas outside of strings; whether it is JSON is
// the parser's to say.
Extent measure(std::string_view text) {
  Extent extent;
  int open = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        in_string = !in_string;
        break;
      case '\\':
        i += in_string ? 1 : 0;
        break;
      case '[':
      case '{':
        if (!in_string) {
          extent.depth = std::max(extent.depth, ++open);
          ++extent.values;
        }
        break;
      case ']':
      case '}':
        open -= in_string ? 0 : 1;
        break;
      case ',':
        extent.values += in_string ? 0 : 1;
        break;
      default:
        break;
    }
  }
  return extent;
}

Error malformed(std::string message) { return {ErrorCode::Corrupt, std::move(message)}; }

}  // namespace

int json_depth(std::string_view text) { return measure(text).depth; }

Result<nlohmann::json> parse_json(std::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return malformed(fmt::format("JSON of {}, more than {}", human_size(text.size()),
                                 human_size(kMaxJsonBytes)));
  }
  const Extent extent = measure(text);
  if (extent.depth > kMaxJsonDepth) {
    return malformed(fmt::format("JSON nested more than {} deep", kMaxJsonDepth));
  }
  if (extent.values > kMaxJsonValues) {
    return malformed(fmt::format("JSON of more than {} values", kMaxJsonValues));
  }
  nlohmann::json document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) {
    return malformed("not JSON");
  }
  return document;
}

}  // namespace strata
