// The patterns of `${V#p}`, `${V%p}` and `${V/p/r}`, matched by running all positions of the
// pattern at once, so that no input makes it slow.
#include <algorithm>
#include <utility>

#include "frontend/dockerfile/expand.h"

namespace strata::frontend::dockerfile {
namespace {

// UTF-8 characters; a byte that begins none stands for itself.
std::vector<std::string_view> characters_of(std::string_view text) {
  std::vector<std::string_view> result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::size_t size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    for (std::size_t k = 1; k < size; ++k) {
      if (i + k >= text.size() || (static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80U) {
        size = 1;
      }
    }
    result.push_back(text.substr(i, size));
    i += size;
  }
  return result;
}

std::size_t bytes_of(const std::vector<std::string_view>& characters, std::size_t begin,
                     std::size_t end) {
  std::size_t size = 0;
  for (std::size_t i = begin; i < end; ++i) {
    size += characters[i].size();
  }
  return size;
}

}  // namespace

std::optional<ShellPattern> ShellPattern::parse(std::string_view text) {
  ShellPattern result;
  const auto characters = characters_of(text);
  for (std::size_t i = 0; i < characters.size(); ++i) {
    if (characters[i] == "*") {
      result.elements_.push_back({Element::Kind::Star, {}});
    } else if (characters[i] == "?") {
      result.elements_.push_back({Element::Kind::Any, {}});
    } else if (characters[i] == "\\") {
      const std::string_view next = i + 1 < characters.size() ? characters[i + 1] : "";
      if (next.empty() || std::string_view("*?\\}/").find(next) == std::string_view::npos) {
        return std::nullopt;
      }
      ++i;
      result.elements_.push_back({Element::Kind::Literal, std::string(next)});
    } else {
      result.elements_.push_back({Element::Kind::Literal, std::string(characters[i])});
    }
  }
  return result;
}

ShellPattern::Match ShellPattern::match(const std::vector<std::string_view>& characters,
                                        std::size_t begin, Length length) const {
  Match result;
  std::vector<bool> active(elements_.size() + 1, false);
  active[0] = true;
  for (std::size_t position = begin;; ++position) {
    bool any = false;
    for (std::size_t i = 0; i < elements_.size(); ++i) {
      any = any || active[i];
      if (active[i] && elements_[i].kind == Element::Kind::Star) {
        active[i + 1] = true;
        result.star_reached = true;
      }
    }
    if (active.back()) {
      result.length = position - begin;
      if (length == Length::Shortest) {
        return result;
      }
    }
    if (!any || position == characters.size()) {
      return result;
    }
    for (std::size_t i = elements_.size(); i-- > 0;) {
      const Element& element = elements_[i];
      const bool steps =
          active[i] &&
          (element.kind == Element::Kind::Any ||
           (element.kind == Element::Kind::Literal && element.literal == characters[position]));
      active[i + 1] = steps || (i + 1 < elements_.size() && active[i + 1] &&
                                elements_[i + 1].kind == Element::Kind::Star);
    }
    active[0] = active[0] && !elements_.empty() && elements_[0].kind == Element::Kind::Star;
  }
}

std::string ShellPattern::trim_prefix(std::string_view value, Length length) const {
  const auto characters = characters_of(value);
  const auto matched = match(characters, 0, length).length;
  return std::string(matched ? value.substr(bytes_of(characters, 0, *matched)) : value);
}

std::string ShellPattern::trim_suffix(std::string_view value, Length length) const {
  auto characters = characters_of(value);
  std::reverse(characters.begin(), characters.end());
  ShellPattern backwards = *this;
  std::reverse(backwards.elements_.begin(), backwards.elements_.end());
  const auto matched = backwards.match(characters, 0, length).length;
  return std::string(matched ? value.substr(0, value.size() - bytes_of(characters, 0, *matched))
                             : value);
}

std::string ShellPattern::replace(std::string_view value, std::string_view replacement,
                                  Occurrences occurrences) const {
  const auto characters = characters_of(value);
  std::string result;
  std::size_t position = 0;
  // An empty match right behind a match does not count.
  bool after_match = false;
  bool searching = true;
  while (position <= characters.size()) {
    const Match found = searching ? match(characters, position, Length::Longest) : Match();
    const bool counts = found.length && !(*found.length == 0 && after_match);
    if (counts) {
      result += replacement;
      searching = occurrences == Occurrences::All;
    } else if (found.star_reached) {
      searching = false;
    }
    after_match = counts && *found.length > 0;
    if (after_match) {
      position += *found.length;
      continue;
    }
    if (position < characters.size()) {
      result += characters[position];
    }
    ++position;
  }
  return result;
}

}  // namespace strata::frontend::dockerfile
