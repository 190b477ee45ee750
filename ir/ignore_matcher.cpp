// Ignore patterns as one state machine: the sets of places where the patterns can be (a
// nondeterministic machine) become states when a path reaches them first, and are kept.
#include "ir/ignore_matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "ir/base/check.h"
#include "ir/path_pattern.h"
#include "ir/pattern_syntax.h"

namespace strata::ir {
namespace {

// A path has 4,096 bytes at most; what is longer by this much is no pattern for one.
constexpr std::size_t kLongestPattern = std::size_t{16} << 10U;

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// A pattern as ignore files spell it, in its one clean spelling: `!` kept, no leading `/`.
std::string clean_pattern(std::string_view line) {
  std::string_view pattern = trim(line);
  const bool negated = !pattern.empty() && pattern[0] == '!';
  if (negated) {
    pattern = trim(pattern.substr(1));
  }
  std::string clean = pattern.empty() ? std::string() : clean_path(pattern);
  if (clean.size() > 1 && clean[0] == '/') {
    clean.erase(0, 1);
  }
  return negated ? "!" + clean : clean;
}

}  // namespace

std::vector<std::string> parse_ignore(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  std::vector<std::string> patterns;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty() || line[0] == '#') {
      continue;
    }
    std::string pattern = clean_pattern(line);
    if (!pattern.empty()) {
      patterns.push_back(std::move(pattern));
    }
  }
  return patterns;
}

class IgnoreMatcher::Machine {
 public:
  // `pattern` is clean and well-formed, without its `!`.
  void add(std::string_view pattern, bool negated);
  // After the last add().
  void build();
  [[nodiscard]] bool empty() const { return patterns_.empty(); }

  // What the patterns make of a path: the last one that matches it or a directory above it decides.
  struct Verdict {
    bool ignored = false;
    // Some negated pattern may match below it.
    bool may_reinclude_below = false;
  };
  Verdict run(std::string_view path);

 private:
  // The tokens follow moby's translation to a regular expression:
  //   `?` [^/]    `*` [^/]*    `**/` (.*/)? (Directories)    a final `**` .* (Anything)
  struct Token {
    enum class Kind : std::uint8_t { Literal, AnyCharacter, Class, Star, Directories, Anything };
    Kind kind = Kind::Literal;
    // Literal: the character. Class: its index.
    std::uint32_t value = 0;
    auto operator<=>(const Token&) const = default;  // NOLINT(modernize-use-nullptr)
  };
  struct Pattern {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool negated = false;
  };
  // The patterns as a tree: a node for each beginning that some of them share. To be at a node is
  // to have matched its beginning.
  struct Node {
    Token token;
    // Indexes of nodes; 0, the root, stands for none.
    std::uint32_t first_child = 0;
    std::uint32_t next_sibling = 0;
    // One more than the index of the last pattern that ends here; 0 when none does.
    std::uint32_t ends = 0;
    // A negated pattern goes through here.
    bool negated = false;
  };
  // 2i is to be at node i; 2i+1 inside its token, a Directories: a `/` must come first.
  using Place = std::uint32_t;
  using Places = std::vector<Place>;
  using StateId = std::uint32_t;
  static constexpr StateId kUnknown = UINT32_MAX;

  struct State {
    // Sorted.
    const Places* places = nullptr;
    // As Node::ends, over all places.
    std::uint32_t ends = 0;
    bool negated = false;
    std::array<StateId, 128> ascii{};
    std::map<char32_t, StateId> others;
  };
  struct PlacesHash {
    std::size_t operator()(const Places& places) const {
      std::size_t hash = places.size();
      for (const Place place : places) {
        hash = (hash ^ place) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29U;
      }
      return hash;
    }
  };

  // States are forgotten when they take more than this: paths that lead everywhere cost time, not
  // memory.
  static constexpr std::size_t kMostStates = 8192;
  static constexpr std::size_t kMostPlaces = std::size_t{4} << 20U;

  [[nodiscard]] bool less(std::uint32_t a, std::uint32_t b) const;
  void insert(std::vector<std::uint32_t>& way, std::uint32_t index);
  void collect(Place place);
  void enter(std::uint32_t node);
  [[nodiscard]] bool matches_one(Token token, char32_t c) const;
  void step_place(Place place, char32_t c);
  StateId state_of_collected();
  StateId start();
  StateId step(StateId from, char32_t c);

  std::vector<Token> tokens_;
  std::vector<Pattern> patterns_;
  std::vector<CharacterClass> classes_;
  std::unordered_map<std::string, std::uint32_t> class_of_text_;
  std::vector<Node> nodes_{Node{}};

  std::vector<State> states_;
  std::unordered_map<Places, StateId, PlacesHash> by_places_;
  std::size_t places_kept_ = 0;
  StateId start_ = kUnknown;
  // The set that is being collected, and which places are in it: those with the current number.
  Places collected_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t round_ = 0;
};

// `**` before anything but `/` counts as `**/` there, except at the front of a pattern that has no
// other wildcard, where it is `.*`.
void IgnoreMatcher::Machine::add(std::string_view pattern, bool negated) {
  const std::size_t begin = tokens_.size();
  const auto push = [&](Token::Kind kind, std::uint32_t value) {
    tokens_.push_back({kind, value});
  };
  const bool suffix_only = pattern.substr(0, 2) == "**" && pattern.substr(2, 1) != "/" &&
                           pattern.find_first_of("*?[]\\", 2) == std::string_view::npos;
  if (suffix_only) {
    push(Token::Kind::Anything, 0);
    pattern.remove_prefix(2);
  }
  while (!pattern.empty()) {
    const Character character = decode(pattern);
    pattern.remove_prefix(character.length);
    if (character.value == '*' && !pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      if (!pattern.empty() && pattern[0] == '/') {
        pattern.remove_prefix(1);
      }
      push(pattern.empty() ? Token::Kind::Anything : Token::Kind::Directories, 0);
    } else if (character.value == '*') {
      push(Token::Kind::Star, 0);
    } else if (character.value == '?') {
      push(Token::Kind::AnyCharacter, 0);
    } else if (character.value == '[') {
      auto parsed = parse_class(pattern);
      STRATA_CHECK(parsed.has_value(), "only well-formed patterns are compiled");
      const std::string text(pattern.substr(0, pattern.size() - parsed->rest.size()));
      const auto [known, is_new] =
          class_of_text_.emplace(text, static_cast<std::uint32_t>(classes_.size()));
      if (is_new) {
        classes_.push_back(std::move(parsed->characters));
      }
      push(Token::Kind::Class, known->second);
      pattern = parsed->rest;
    } else if (character.value == '\\' && !pattern.empty()) {
      const Character escaped = decode(pattern);
      push(Token::Kind::Literal, escaped.value);
      pattern.remove_prefix(escaped.length);
    } else {
      push(Token::Kind::Literal, character.value);
    }
  }
  patterns_.push_back({begin, tokens_.size(), negated});
}

bool IgnoreMatcher::Machine::less(std::uint32_t a, std::uint32_t b) const {
  const auto at = [&](std::size_t index) {
    return tokens_.begin() + static_cast<std::ptrdiff_t>(index);
  };
  return std::lexicographical_compare(at(patterns_[a].begin), at(patterns_[a].end),
                                      at(patterns_[b].begin), at(patterns_[b].end));
}

// Sorted, a pattern shares most with the one before it, so the tree needs no search for a child.
void IgnoreMatcher::Machine::build() {
  std::vector<std::uint32_t> order(patterns_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return less(a, b); });
  std::vector<std::uint32_t> way;
  for (const std::uint32_t pattern : order) {
    insert(way, pattern);
  }
  tokens_ = {};
  class_of_text_ = {};
  seen_.resize(2 * nodes_.size());
}

// `way`: the nodes of the pattern that was inserted last, without the root.
void IgnoreMatcher::Machine::insert(std::vector<std::uint32_t>& way, std::uint32_t index) {
  const Pattern& pattern = patterns_[index];
  const std::size_t length = pattern.end - pattern.begin;
  std::size_t shared = 0;
  while (shared < std::min(length, way.size()) &&
         nodes_[way[shared]].token == tokens_[pattern.begin + shared]) {
    ++shared;
  }
  way.resize(shared);
  for (std::size_t i = shared; i < length; ++i) {
    Node& parent = nodes_[way.empty() ? 0 : way.back()];
    const auto id = static_cast<std::uint32_t>(nodes_.size());
    Node node{.token = tokens_[pattern.begin + i], .next_sibling = parent.first_child};
    parent.first_child = id;
    nodes_.push_back(node);
    way.push_back(id);
  }
  if (pattern.negated) {
    nodes_[0].negated = true;
    for (const std::uint32_t node : way) {
      nodes_[node].negated = true;
    }
  }
  Node& last = nodes_[way.empty() ? 0 : way.back()];
  last.ends = std::max(last.ends, index + 1);
}

void IgnoreMatcher::Machine::collect(Place place) {
  if (seen_[place] != round_) {
    seen_[place] = round_;
    collected_.push_back(place);
  }
}

// Tokens that may match nothing let the nodes behind them be reached at once.
void IgnoreMatcher::Machine::enter(std::uint32_t node) {
  std::vector<std::uint32_t> open = {node};
  while (!open.empty()) {
    const std::uint32_t at = open.back();
    open.pop_back();
    if (seen_[std::size_t{2} * at] == round_) {
      continue;
    }
    collect(2 * at);
    for (std::uint32_t child = nodes_[at].first_child; child != 0;
         child = nodes_[child].next_sibling) {
      if (nodes_[child].token.kind >= Token::Kind::Star) {
        open.push_back(child);
      }
      if (nodes_[child].token.kind == Token::Kind::Directories) {
        collect(2 * child + 1);
      }
    }
  }
}

bool IgnoreMatcher::Machine::matches_one(Token token, char32_t c) const {
  switch (token.kind) {
    case Token::Kind::Literal:
      return token.value == c;
    case Token::Kind::AnyCharacter:
      return c != '/';
    case Token::Kind::Class:
      return classes_[token.value].holds(c);
    case Token::Kind::Star:
    case Token::Kind::Directories:
    case Token::Kind::Anything:
      break;
  }
  return false;
}

void IgnoreMatcher::Machine::step_place(Place place, char32_t c) {
  const std::uint32_t index = place / 2;
  const Node& node = nodes_[index];
  if (place % 2 == 1) {
    collect(place);
    if (c == '/') {
      enter(index);
    }
    return;
  }
  if (node.token.kind == Token::Kind::Anything ||
      (node.token.kind == Token::Kind::Star && c != '/')) {
    enter(index);
  }
  for (std::uint32_t child = node.first_child; child != 0; child = nodes_[child].next_sibling) {
    if (matches_one(nodes_[child].token, c)) {
      enter(child);
    }
  }
}

// The state of what was collected, which is empty afterwards.
IgnoreMatcher::Machine::StateId IgnoreMatcher::Machine::state_of_collected() {
  std::sort(collected_.begin(), collected_.end());
  if (const auto known = by_places_.find(collected_); known != by_places_.end()) {
    collected_.clear();
    return known->second;
  }
  const auto id = static_cast<StateId>(states_.size());
  State state;
  state.ascii.fill(kUnknown);
  for (const Place place : collected_) {
    const Node& node = nodes_[place / 2];
    state.negated = state.negated || node.negated;
    if (place % 2 == 0) {
      state.ends = std::max(state.ends, node.ends);
    }
  }
  places_kept_ += collected_.size();
  const auto [entry, added] = by_places_.emplace(std::move(collected_), id);
  state.places = &entry->first;
  states_.push_back(std::move(state));
  collected_ = {};
  return id;
}

IgnoreMatcher::Machine::StateId IgnoreMatcher::Machine::start() {
  if (start_ == kUnknown) {
    ++round_;
    enter(0);
    start_ = state_of_collected();
  }
  return start_;
}

IgnoreMatcher::Machine::StateId IgnoreMatcher::Machine::step(StateId from, char32_t c) {
  const auto known = [&]() -> StateId& {
    State& state = states_[from];
    return c < state.ascii.size() ? state.ascii.at(c)
                                  : state.others.try_emplace(c, kUnknown).first->second;
  };
  if (known() != kUnknown) {
    return known();
  }
  if (++round_ == 0) {
    std::fill(seen_.begin(), seen_.end(), 0);
    round_ = 1;
  }
  for (const Place place : *states_[from].places) {
    step_place(place, c);
  }
  if (states_.size() >= kMostStates || places_kept_ > kMostPlaces) {
    states_.clear();
    by_places_.clear();
    places_kept_ = 0;
    start_ = kUnknown;
    return state_of_collected();
  }
  const StateId to = state_of_collected();
  known() = to;
  return to;
}

IgnoreMatcher::Machine::Verdict IgnoreMatcher::Machine::run(std::string_view path) {
  StateId state = start();
  std::uint32_t last = 0;
  while (!path.empty() && !states_[state].places->empty()) {
    const Character c = decode(path);
    path.remove_prefix(c.length);
    if (c.value == '/') {
      // A directory above the path matches.
      last = std::max(last, states_[state].ends);
    }
    state = step(state, c.value);
  }
  last = std::max(last, states_[state].ends);
  Verdict verdict;
  verdict.ignored = last > 0 && !patterns_[last - 1].negated;
  verdict.may_reinclude_below = states_[step(state, '/')].negated;
  return verdict;
}

IgnoreMatcher::IgnoreMatcher(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
IgnoreMatcher::IgnoreMatcher(IgnoreMatcher&&) noexcept = default;
IgnoreMatcher& IgnoreMatcher::operator=(IgnoreMatcher&&) noexcept = default;
IgnoreMatcher::~IgnoreMatcher() = default;

Result<IgnoreMatcher> IgnoreMatcher::make(const std::vector<std::string>& patterns) {
  auto machine = std::make_unique<Machine>();
  for (const std::string& written : patterns) {
    if (written.size() > kLongestPattern) {
      return Error{ErrorCode::Input, fmt::format("pattern `{}…` is longer than {} bytes",
                                                 written.substr(0, 40), kLongestPattern)};
    }
    const std::string clean = clean_pattern(written);
    if (clean.empty()) {
      continue;
    }
    const bool negated = clean[0] == '!';
    const std::string_view text = std::string_view(clean).substr(negated ? 1 : 0);
    if (text.empty() || !match_pattern(text, "")) {
      return Error{ErrorCode::Input, fmt::format("pattern `{}` is malformed", written)};
    }
    machine->add(text, negated);
  }
  machine->build();
  return IgnoreMatcher(std::move(machine));
}

bool IgnoreMatcher::ignored(std::string_view path) const {
  return !machine_->empty() && machine_->run(path).ignored;
}

bool IgnoreMatcher::may_reinclude_below(std::string_view path) const {
  return !machine_->empty() && machine_->run(path).may_reinclude_below;
}

bool IgnoreMatcher::empty() const { return machine_->empty(); }

}  // namespace strata::ir
