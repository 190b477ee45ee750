// How deep a JSON text nests, without reading it as JSON.
#include "ir/base/json_nesting.h"

namespace strata {

bool nests_deeper(std::string_view json, int depth) {
  int open = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      i += c == '\\' ? 1 : 0;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++open > depth) {
        return true;
      }
    } else if (c == ']' || c == '}') {
      --open;
    }
  }
  return false;
}

}  // namespace strata
