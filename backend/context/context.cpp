// Context: selections of a local directory, each made once, and the bytes behind them.
#include "backend/context/context.h"

#include <fcntl.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "backend/context/digest_cache.h"
#include "backend/context/source.h"
#include "backend/context/walk.h"
#include "backend/system/beneath.h"
#include "backend/system/fd.h"
#include "backend/system/files.h"
#include "ir/base/canonical_json.h"
#include "ir/base/path.h"
#include "ir/path_pattern.h"

namespace strata::backend {
namespace {

// The record of README.md.
Digest selection_digest(const std::vector<SelectedItem>& items) {
  CanonicalJson json;
  json.begin_object().key("items").begin_array();
  for (const SelectedItem& item : items) {
    json.begin_object();
    json.key("kind").string(item.is_directory ? "directory" : "file");
    json.key("tree").string(tree_digest(*item.tree).str());
    json.end_object();
  }
  json.end_array();
  json.key("record").string("selection");
  json.key("version").integer(1);
  json.end_object();
  return Digest::of(json.text());
}

// What a match comes to. `item` is empty when ignore patterns leave nothing of it, and for a
// socket.
struct MatchedItem {
  std::optional<SelectedItem> item;
  bool is_socket = false;
};

Error socket_error(const std::string& source) {
  return Error{ErrorCode::NotFound,
               "`" + source + "` is a socket in the context, and sockets are not copied"};
}

Error excluded(const std::string& source) {
  return Error{ErrorCode::NotFound,
               "`" + source + "` is in the context, but an ignore pattern excludes it"};
}

}  // namespace

struct StatCache::State {
  explicit State(std::string path) : cache(std::move(path)) {}
  DigestCache cache;
};

struct Context::State {
  Fd root;
  DigestCache* cache = nullptr;
  unsigned jobs = 1;
  std::shared_ptr<const Content> files;
  // What was selected under the same patterns, by source: one build sees one selection, however
  // often it asks.
  struct Patterns {
    ir::SharedStrings written;
    ir::IgnoreMatcher matcher;
    std::map<std::string, std::shared_ptr<const Selection>> selections;
  };
  std::mutex mutex;
  std::map<Digest, Patterns> patterns;
  // Those asked for last: mostly all steps share one list.
  Patterns* last = nullptr;

  Result<Patterns*> patterns_of(const ir::SharedStrings& written);
  Result<MatchedItem> item(const std::string& path, const ir::IgnoreMatcher& ignore);
  Result<std::vector<SelectedItem>> items(const std::string& source,
                                          const ir::IgnoreMatcher& ignore);
};

Result<Context::State::Patterns*> Context::State::patterns_of(const ir::SharedStrings& written) {
  if (last != nullptr && last->written == written) {
    return last;
  }
  CanonicalJson json;
  json.begin_array();
  for (const std::string& pattern : written) {
    json.string(pattern);
  }
  json.end_array();
  const Digest key = Digest::of(json.text());
  auto found = patterns.find(key);
  if (found == patterns.end()) {
    STRATA_ASSIGN(ir::IgnoreMatcher matcher, ir::IgnoreMatcher::make(written.values()));
    found = patterns.emplace(key, Patterns{written, std::move(matcher), {}}).first;
  }
  last = &found->second;
  return last;
}

Result<MatchedItem> Context::State::item(const std::string& path, const ir::IgnoreMatcher& ignore) {
  STRATA_ASSIGN(const ResolvedSource source, resolve_source(root.get(), path));
  ContextWalk walk({root.get(), &ignore, cache, jobs});
  Tree tree;
  if (source.is_directory) {
    STRATA_ASSIGN(tree, walk.directory(source.path));
    if (source.path.empty() && !tree.entries.empty() && tree.entries.front().path.empty()) {
      // The context directory itself is the user's place to work in: its mode is no part of the
      // input, as with docker.
      tree.entries.front().mode = 0755;
      tree.entries.front().xattrs.clear();
    }
  } else if (!ignore.ignored(source.path) && (source.path == path || !ignore.ignored(path))) {
    STRATA_ASSIGN(tree, walk.file(source.path, std::string(base_name(path))));
    if (tree.entries.empty()) {
      return MatchedItem{{}, true};
    }
  }
  if (tree.entries.empty()) {
    return MatchedItem();
  }
  return MatchedItem{SelectedItem{path, source.path, source.is_directory,
                                  std::make_shared<const Tree>(std::move(tree))},
                     false};
}

Result<std::vector<SelectedItem>> Context::State::items(const std::string& source,
                                                        const ir::IgnoreMatcher& ignore) {
  const bool wild = ir::has_wildcard(source);
  std::vector<std::string> matches{source};
  if (wild) {
    STRATA_ASSIGN(matches, match_source(root.get(), source));
    if (matches.empty()) {
      return Error{ErrorCode::NotFound, "`" + source + "` matches nothing in the context"};
    }
  }
  std::vector<SelectedItem> items;
  bool sockets = false;
  for (const std::string& match : matches) {
    STRATA_ASSIGN(MatchedItem matched, item(match, ignore));
    sockets = sockets || matched.is_socket;
    if (matched.item) {
      items.push_back(*std::move(matched.item));
    }
  }
  if (items.empty()) {
    return sockets ? socket_error(source) : excluded(source);
  }
  return items;
}

Context::Context(std::string directory, std::unique_ptr<State> state)
    : directory_(std::move(directory)), state_(std::move(state)) {}
Context::~Context() = default;

Result<std::unique_ptr<Context>> Context::open(const std::string& directory, StatCache* cache,
                                               unsigned jobs) {
  auto state = std::make_unique<State>();
  state->root = Fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!state->root.valid()) {
    return errno_error(directory, errno);
  }
  STRATA_ASSIGN(state->files, directory_content(directory));
  state->cache = cache != nullptr ? &cache->state_->cache : nullptr;
  state->jobs = jobs;
  return std::unique_ptr<Context>(new Context(directory, std::move(state)));
}

Result<std::shared_ptr<const Selection>> Context::select(const ir::LocalRequest& request) {
  std::string source = ir::clean_path(request.source);
  source.erase(0, source.find_first_not_of('/'));
  if (source == ".") {
    source.clear();
  }
  if (source == ".." || source.substr(0, 3) == "../") {
    return Error{ErrorCode::Outside, "`" + request.source + "` is outside the context"};
  }
  const std::lock_guard lock(state_->mutex);
  STRATA_ASSIGN(State::Patterns* const patterns, state_->patterns_of(request.ignore));
  if (const auto known = patterns->selections.find(source); known != patterns->selections.end()) {
    return known->second;
  }
  auto selection = std::make_shared<Selection>();
  STRATA_ASSIGN(selection->items, state_->items(source, patterns->matcher));
  selection->digest = selection_digest(selection->items);
  patterns->selections.emplace(source, selection);
  return std::shared_ptr<const Selection>(std::move(selection));
}

Result<std::string> Context::read_text(const std::string& path) const {
  STRATA_ASSIGN(const ResolvedSource source, resolve_source(state_->root.get(), path));
  // Neither waits for who writes to a pipe, nor takes a terminal.
  const Fd fd = open_beneath(state_->root.get(), source.path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd.valid()) {
    return errno_error(path, errno);
  }
  return read_regular(fd, path, kMaxText);
}

std::shared_ptr<const Content> Context::content() const { return state_->files; }

StatCache::StatCache(std::unique_ptr<State> state) : state_(std::move(state)) {}
StatCache::~StatCache() = default;

std::unique_ptr<StatCache> StatCache::load(const std::string& path) {
  auto state = std::make_unique<State>(path);
  state->cache.load();
  return std::unique_ptr<StatCache>(new StatCache(std::move(state)));
}

bool StatCache::is_damaged(const std::string& path) { return !DigestCache(path).load(); }

Result<void> StatCache::save() { return state_->cache.save(); }

}  // namespace strata::backend
