// normalize: gives one spelling to one meaning, so that equal meaning has equal digests.
//
//   %1 = config base=%0 env=["B"="1"]
//   %2 = config base=%1 env=["A"="2"]         =>   … = config base=%0 env=["A"="2", "B"="1"]
//   %3 = mkdir path="/" root=%0               =>   (gone)
//   %4 = copy dest="/a//b/../" mode="0644"    =>   %4 = copy dest="/a/" mode="644"
//
// The config op of a target's stage takes in the config ops below it and rests on the image or
// scratch: whether stages share a prefix of their configs is not part of what they mean. The others
// are part of no image and stay as they are; what is left without a user is drop-unused's. User
// names are left as written: what `root` or `0` is stands in the root's own /etc/passwd.
// Idempotent. Preserves: the order of ops, locations (merged ones go to `also`).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "ir/path_pattern.h"
#include "ir/reference.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

namespace strata::passes {
namespace {

constexpr DiagnosticDef<std::size_t> kTooMuchConfig{
    Kind::InputLimit, "the configs of the targets come to more than {} MiB"};
// Each target has its whole config, whatever it shares with another's.
constexpr std::size_t kMergedMebibytes = 256;

class Normalize final : public Pass {
 public:
  Change run(ir::Module& module, PassContext& context) override;
};

// Sorted by name; of two values for a name the last one counts.
void sort_pairs(ir::Pairs& pairs) {
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto kept = std::unique(pairs.rbegin(), pairs.rend(),
                                [](const auto& a, const auto& b) { return a.first == b.first; });
  pairs.erase(pairs.begin(), kept.base());
}

void sort_unique(ir::Strings& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void clean_platform(std::string& platform) {
  if (auto normal = ir::normalize_platform(platform)) {
    platform = std::move(*normal);
  }
}

// "" stays: it is not a path.
void clean(std::string& path) {
  if (!path.empty()) {
    path = ir::clean_path(path);
  }
}

// A destination says by a trailing `/` or `/.` that it is a directory.
void clean_destination(std::string& path) {
  const std::string_view text = path;
  const bool directory = text.ends_with('/') || text.ends_with("/.");
  path = ir::clean_path(text);
  if (directory && path != "/") {
    path += '/';
  }
}

// `0644` → `644`; `000` → `0`.
void clean_mode(std::string& mode) {
  const std::size_t digit = mode.find_first_not_of('0');
  if (digit == std::string::npos && !mode.empty()) {
    mode = "0";
  } else if (digit != std::string::npos) {
    mode.erase(0, digit);
  }
}

// Ports one by one, as PORT/protocol. A file may name ranges of all ports again and again, so each
// protocol's are marked in a table.
class PortSet {
 public:
  // `text` is PORT[-PORT][/protocol]. What is no such text stays as it is, for the verifier to
  // refuse.
  void add(const std::string& text) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string protocol = slash == text.size() ? "/tcp" : text.substr(slash);
    const std::size_t dash = std::min(text.find('-'), slash);
    unsigned first = 0;
    const char* const begin = text.data();
    const auto parsed = std::from_chars(begin, begin + dash, first);
    unsigned last = first;
    bool ok = parsed.ec == std::errc() && parsed.ptr == begin + dash;
    if (dash < slash) {
      const auto end = std::from_chars(begin + dash + 1, begin + slash, last);
      ok = ok && end.ec == std::errc() && end.ptr == begin + slash;
    }
    if (!ok || last < first || last > kLast) {
      others_.push_back(text);
      return;
    }
    std::vector<bool>& table = marked_[protocol];
    table.resize(kLast + 1);
    std::fill(table.begin() + first, table.begin() + last + 1, true);
  }

  // Sorted.
  ir::Strings take() {
    ir::Strings ports = std::move(others_);
    for (const auto& [protocol, table] : marked_) {
      for (unsigned port = 0; port <= kLast; ++port) {
        if (table[port]) {
          ports.push_back(fmt::format("{}{}", port, protocol));
        }
      }
    }
    sort_unique(ports);
    return ports;
  }

 private:
  static constexpr unsigned kLast = 65535;
  std::map<std::string, std::vector<bool>> marked_;
  ir::Strings others_;
};

void normalize_op(ir::Image& image) {
  clean_platform(image.platform);
  if (const auto reference = ir::Reference::parse(image.ref)) {
    image.ref = reference->str();
  }
}
void normalize_op(ir::Scratch& scratch) { clean_platform(scratch.platform); }
// A local's path and patterns name files outside; the resolver gave them their one meaning, `tree`.
void normalize_op(ir::Local& /*local*/) {}
void normalize_op(ir::Inline& files) {
  std::sort(files.files.begin(), files.files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
}
void normalize_op(ir::Exec& exec) {
  clean(exec.cwd);
  if (exec.hostname == ir::kSandboxHostname) {
    exec.hostname.clear();
  }
  if (exec.network == "default") {
    exec.network.clear();
  }
  for (ir::Mount& mount : exec.mounts) {
    clean(mount.path);
    clean(mount.target);
  }
  // Sorted, a mount point comes before those below it.
  std::stable_sort(exec.mounts.begin(), exec.mounts.end(),
                   [](const auto& a, const auto& b) { return a.target < b.target; });
}
void normalize_op(ir::Copy& copy) {
  clean_destination(copy.dest);
  clean_mode(copy.mode);
  for (ir::CopySource& source : copy.sources) {
    clean(source.path);
  }
}
void normalize_op(ir::Mkdir& mkdir) { clean(mkdir.path); }
void normalize_op(ir::Config& config) {
  sort_pairs(config.env);
  sort_pairs(config.labels);
  PortSet ports;
  for (const std::string& port : config.ports) {
    ports.add(port);
  }
  config.ports = ports.take();
  sort_unique(config.volumes);
  if (config.workdir.has_value()) {
    clean(*config.workdir);
  }
  // NONE switches the check off; the other values then say nothing.
  if (config.healthcheck.has_value() && !config.healthcheck->test.empty() &&
      config.healthcheck->test.front() == "NONE") {
    config.healthcheck = ir::Healthcheck{.test = {"NONE"}};
  }
}

// Lets `change` follow on what `field` says. A merged config rests where the lowest one did.
void follow(ir::Pairs& field, const ir::Pairs& change) {
  field.insert(field.end(), change.begin(), change.end());
}
void follow(ir::Strings& field, const ir::Strings& change) {
  field.insert(field.end(), change.begin(), change.end());
}
void follow(ir::OpId& /*base*/, ir::OpId /*change*/) {}
template <typename T>
void follow(std::optional<T>& field, const std::optional<T>& change) {
  if (change.has_value()) {
    field = change;
  }
}

// Field by field, whatever fields a config has.
void follow(ir::Config& config, const ir::Config& change) {
  ir::visit_fields(config, [&](std::string_view name, auto& field, ir::FieldRole) {
    ir::visit_fields(change, [&](std::string_view other_name, const auto& other, ir::FieldRole) {
      using Field = std::remove_cvref_t<decltype(field)>;
      if constexpr (std::is_same_v<Field, std::remove_cvref_t<decltype(other)>>) {
        if (name == other_name) {
          follow(field, other);
        }
      }
    });
  });
}

// What a merged config holds, roughly, in bytes.
std::size_t size_of(const ir::Config& config) {
  std::size_t bytes = sizeof(config);
  for (const ir::Pairs* pairs : {&config.env, &config.labels}) {
    for (const auto& [name, value] : *pairs) {
      bytes += sizeof(ir::Pairs::value_type) + name.size() + value.size();
    }
  }
  for (const ir::Strings* values : {&config.ports, &config.volumes}) {
    for (const std::string& value : *values) {
      bytes += sizeof(std::string) + value.size();
    }
  }
  return bytes;
}

bool changes_nothing(const ir::Config& config) { return config == ir::Config{.base = config.base}; }

// True when the directory is there without the step: it is the root, or the step below made it, or
// one in it.
bool makes_nothing(const ir::Mkdir& mkdir, const ir::Module& module) {
  if (mkdir.path == "/") {
    return true;
  }
  const auto* below = std::get_if<ir::Mkdir>(&module.op(mkdir.root).data);
  return below != nullptr &&
         (below->path == mkdir.path || below->path.starts_with(mkdir.path + "/"));
}

// The config op `id` with all config ops below it, as one that rests on the bottom of the chain.
void merge_chain(ir::Module& module, ir::OpId id) {
  std::vector<ir::OpId> chain = ir::config_chain(module, id);
  if (chain.size() <= 2) {
    return;
  }
  auto merged = std::get<ir::Config>(module.op(chain[1]).data);
  std::vector<Loc> also;
  for (std::size_t i = 2; i < chain.size(); ++i) {
    follow(merged, std::get<ir::Config>(module.op(chain[i]).data));
  }
  // The nearest first.
  for (std::size_t i = chain.size() - 1; i-- > 1;) {
    const ir::Op& below = module.op(chain[i]);
    also.push_back(below.loc);
    also.insert(also.end(), below.also.begin(), below.also.end());
  }
  ir::Op& op = module.op(id);
  op.data = std::move(merged);
  op.also.insert(op.also.end(), also.begin(), also.end());
}

Change Normalize::run(ir::Module& module, PassContext& context) {
  std::vector<ir::OpId> replacement(module.ops.size());
  std::vector<bool> keep(module.ops.size(), true);
  // The target whose config an op is.
  std::vector<const ir::Target*> target_of(module.ops.size(), nullptr);
  for (const ir::Target& target : module.targets) {
    target_of[module.stage(target.stage).config.index] = &target;
  }
  std::size_t left = kMergedMebibytes << 20U;
  Change change = Change::Unchanged;
  for (std::size_t i = 0; i < module.ops.size(); ++i) {
    ir::Op& op = module.ops[i];
    const ir::OpData before = op.data;
    replacement[i] = ir::OpId{static_cast<std::uint32_t>(i)};
    // Operands first, so that a step rests on what is left of the steps below it.
    ir::map_operands(op, [&](ir::OpId id) { return replacement[id.index]; });
    const bool is_config = std::holds_alternative<ir::Config>(op.data);
    if (is_config && target_of[i] != nullptr) {
      merge_chain(module, replacement[i]);
    }
    if (!is_config || target_of[i] != nullptr) {
      std::visit([](auto& data) { normalize_op(data); }, op.data);
    }
    const auto* config = std::get_if<ir::Config>(&op.data);
    const auto* mkdir = std::get_if<ir::Mkdir>(&op.data);
    if (config != nullptr && changes_nothing(*config)) {
      replacement[i] = config->base;
    } else if (mkdir != nullptr && makes_nothing(*mkdir, module)) {
      replacement[i] = mkdir->root;
    }
    if (config != nullptr && target_of[i] != nullptr) {
      const std::size_t size = size_of(*config);
      if (size > left) {
        context.emitter.emit(target_of[i]->loc, kTooMuchConfig, kMergedMebibytes);
        return Change::Changed;
      }
      left -= size;
    }
    keep[i] = replacement[i].index == i;
    change = keep[i] && before == op.data ? change : Change::Changed;
  }
  replace_uses(module, replacement);
  remove_ops(module, keep);
  for (ir::Target& target : module.targets) {
    const std::string written = target.platform;
    clean_platform(target.platform);
    change = written == target.platform ? change : Change::Changed;
  }
  return change;
}

}  // namespace

std::unique_ptr<Pass> make_normalize() { return std::make_unique<Normalize>(); }

}  // namespace strata::passes
