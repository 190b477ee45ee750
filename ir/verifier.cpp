// What a valid module is, op by op; README.md lists the invariants.
#include "ir/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ir/base/text.h"
#include "ir/path_pattern.h"
#include "ir/reference.h"

namespace strata::ir {
namespace {

constexpr DiagnosticDef<std::string, std::string> kBroken{Kind::IrInvariant, "{}: {}"};

constexpr std::int64_t kMaxMode = 07777;

bool is_absolute(std::string_view path) { return !path.empty() && path[0] == '/'; }

// "" (the whole), or a clean path that does not leave what it is relative to.
bool is_relative(std::string_view path) {
  return path.empty() || (!is_absolute(path) && path != "." && path != ".." &&
                          path.substr(0, 3) != "../" && clean_path(path) == path);
}

bool is_octal(std::string_view text) {
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; }) &&
         (text.size() < 5 || text[0] == '0');
}

bool is_name(std::string_view text) {
  return !text.empty() && text.find('=') == std::string_view::npos;
}

// 0 to 65535; -1 for anything else.
int port_number(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > 65535) {
      return -1;
    }
    value = value * 10 + (c - '0');
  }
  return text.empty() || value > 65535 ? -1 : value;
}

// PORT[-PORT][/tcp|udp|sctp]
bool is_port(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view protocol =
      slash == std::string_view::npos ? "tcp" : text.substr(slash + 1);
  const std::string_view range = text.substr(0, slash);
  const std::size_t dash = range.find('-');
  const int first = port_number(range.substr(0, dash));
  const int last = dash == std::string_view::npos ? first : port_number(range.substr(dash + 1));
  return first >= 0 && first <= last &&
         (protocol == "tcp" || protocol == "udp" || protocol == "sctp");
}

enum class OpKind { Root, Config, Both, Tree };

OpKind kind_of(const Op& op) {
  struct {
    OpKind operator()(const Image&) const { return OpKind::Both; }
    OpKind operator()(const Scratch&) const { return OpKind::Both; }
    OpKind operator()(const Local&) const { return OpKind::Tree; }
    OpKind operator()(const Inline&) const { return OpKind::Tree; }
    OpKind operator()(const Exec&) const { return OpKind::Root; }
    OpKind operator()(const Copy&) const { return OpKind::Root; }
    OpKind operator()(const Mkdir&) const { return OpKind::Root; }
    OpKind operator()(const Config&) const { return OpKind::Config; }
  } visitor;
  return std::visit(visitor, op.data);
}

class Verifier {
 public:
  Verifier(const Module& module, Emitter& emitter) : module_(&module), emitter_(&emitter) {}

  bool run() {
    const std::size_t errors = emitter_->error_count();
    for (index_ = 0; index_ < module_->ops.size(); ++index_) {
      const Op& op = module_->ops[index_];
      subject_ = fmt::format("`%{}` ({})", index_, op.name());
      loc_ = op.loc;
      std::visit(
          [&](const auto& data) {
            check(data);
            check_no_nul(data);
          },
          op.data);
    }
    // Stages and targets may name every op.
    stages();
    targets();
    return emitter_->error_count() == errors;
  }

 private:
  void require(bool holds, std::string_view rule) {
    if (!holds) {
      emitter_->emit(loc_, kBroken, subject_, std::string(rule));
    }
  }

  [[nodiscard]] bool precedes(OpId id) const { return id.index < index_; }
  [[nodiscard]] bool is_root(OpId id) const {
    const OpKind kind = kind_of(module_->op(id));
    return kind == OpKind::Root || kind == OpKind::Both;
  }
  [[nodiscard]] bool is_config(OpId id) const {
    const OpKind kind = kind_of(module_->op(id));
    return kind == OpKind::Config || kind == OpKind::Both;
  }

  void root_input(OpId id) {
    require(precedes(id), "`root` must name an op before it");
    require(!precedes(id) || is_root(id), "`root` must be an image, scratch, exec, copy or mkdir");
  }

  // Some part of the tree that `id` leaves.
  void tree_input(OpId id, std::string_view path, std::string_view field) {
    if (!precedes(id)) {
      require(false, fmt::format("`{}` must name an op before it", field));
      return;
    }
    if (kind_of(module_->op(id)) == OpKind::Tree) {
      require(path.empty(), fmt::format("`path` must be empty: `{}` is a selection", field));
      return;
    }
    require(is_root(id), fmt::format("`{}` must be a tree, not a config", field));
    require(is_absolute(path), "`path` must be absolute");
  }

  void platform(const std::string& text) {
    require(normalize_platform(text).has_value(), "`platform` must be os/architecture[/variant]");
  }
  template <typename PairRange>
  void names(const PairRange& pairs, std::string_view field) {
    for (const auto& [name, value] : pairs) {
      if (!is_name(name)) {
        require(false, fmt::format("`{}` has a name that is empty or holds `=`", field));
      }
    }
  }

  void check(const Image& image) {
    require(Reference::parse(image.ref).has_value(), "`ref` must be an image reference");
    require(image.epoch >= 0, "`epoch` must not be negative");
    require(image.manifest.has_value() || (!image.config.has_value() && image.diff_ids.empty()),
            "`config` and `diff_ids` need a `manifest`");
    platform(image.platform);
  }
  void check(const Scratch& scratch) {
    require(scratch.epoch >= 0, "`epoch` must not be negative");
    platform(scratch.platform);
  }
  void check(const Local& local) {
    require(is_relative(local.source), "`source` must be a clean path inside the context");
  }
  void check(const Inline& files) {
    require(!files.files.empty(), "`files` must not be empty");
    std::set<std::string_view> paths;
    for (const InlineFile& file : files.files) {
      require(!file.path.empty() && is_relative(file.path), "`path` must be clean and relative");
      require(file.mode >= 0 && file.mode <= kMaxMode, "`mode` must be permission bits");
      require(paths.insert(file.path).second, "`files` holds a path twice");
    }
  }
  void check(const Exec& exec) {
    root_input(exec.root);
    require(!exec.args.empty() && !exec.args.front().empty(), "`args` must begin with a command");
    require(is_absolute(exec.cwd), "`cwd` must be absolute");
    names(exec.env, "env");
    require(exec.network.empty() || exec.network == "default" || exec.network == "none" ||
                exec.network == "host",
            "`network` must be default, none or host");
    std::set<std::string_view> mount_points;
    for (const Mount& mount : exec.mounts) {
      tree_input(mount.source, mount.path, "source");
      require(is_absolute(mount.target), "`target` must be absolute");
      require(mount_points.insert(mount.target).second, "`mounts` holds a target twice");
    }
  }
  void check(const Copy& copy) {
    root_input(copy.root);
    require(!copy.sources.empty(), "`sources` must not be empty");
    for (const CopySource& source : copy.sources) {
      tree_input(source.tree, source.path, "tree");
    }
    require(is_absolute(copy.dest), "`dest` must be absolute");
    require(is_octal(copy.mode), "`mode` must be octal digits, at most 7777");
  }
  void check(const Mkdir& mkdir) {
    root_input(mkdir.root);
    require(is_absolute(mkdir.path), "`path` must be absolute");
  }
  void check(const Config& config) {
    require(precedes(config.base), "`base` must name an op before it");
    require(!precedes(config.base) || is_config(config.base),
            "`base` must be an image, scratch or config");
    names(config.env, "env");
    for (const auto& [name, value] : config.labels) {
      require(!name.empty(), "`labels` has a name that is empty");
    }
    require(std::all_of(config.ports.begin(), config.ports.end(), is_port),
            "`ports` must be PORT[-PORT][/tcp|udp|sctp]");
    require(std::none_of(config.volumes.begin(), config.volumes.end(),
                         [](const std::string& path) { return path.empty(); }),
            "`volumes` has an empty path");
    require(!config.shell.has_value() || !config.shell->empty(), "`shell` must not be empty");
    require(!config.workdir.has_value() || is_absolute(*config.workdir),
            "`workdir` must be absolute");
    if (config.healthcheck.has_value()) {
      check_health(*config.healthcheck);
    }
  }
  void check_health(const Healthcheck& check) {
    const std::string_view form =
        check.test.empty() ? std::string_view() : std::string_view(check.test.front());
    require(form == "NONE" || form == "CMD" || form == "CMD-SHELL",
            "`test` must begin with NONE, CMD or CMD-SHELL");
    require(check.interval >= 0 && check.timeout >= 0 && check.start_period >= 0 &&
                check.start_interval >= 0 && check.retries >= 0,
            "`healthcheck` has a negative number");
  }

  // Kernel and file formats end strings at a NUL: one inside would mean another thing there. Only a
  // file's content may hold it.
  template <typename T>
  void check_no_nul(const T& data) {
    visit_fields(data, [&](std::string_view name, const auto& field, FieldRole) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, SharedStrings>) {
        // Steps share large lists.
        if (&field.values() == known_good_) {
          return;
        }
        known_good_ = all_nul_free(field) ? &field.values() : known_good_;
      }
      if (!nul_free(field)) {
        require(false, fmt::format("`{}` holds a NUL byte", name));
      }
    });
  }
  static bool nul_free(const std::string& text) { return text.find('\0') == std::string::npos; }
  static bool nul_free(const std::pair<std::string, std::string>& pair) {
    return nul_free(pair.first) && nul_free(pair.second);
  }
  static bool nul_free(const InlineFile& file) { return nul_free(file.path); }
  template <typename T>
  static bool nul_free(const std::optional<T>& value) {
    return !value.has_value() || nul_free(*value);
  }
  template <typename Range>
  static bool all_nul_free(const Range& values) {
    return std::all_of(values.begin(), values.end(),
                       [](const auto& value) { return nul_free(value); });
  }
  template <typename T>
  static bool nul_free(const std::vector<T>& values) {
    return all_nul_free(values);
  }
  static bool nul_free(const SharedStrings& values) { return all_nul_free(values); }
  static bool nul_free(const Environment& environment) { return all_nul_free(environment); }
  template <typename T>
  static bool nul_free(const T& value) {
    bool ok = true;
    if constexpr (Nested<T>) {
      visit_members(value,
                    [&](std::string_view, const auto& member) { ok = ok && nul_free(member); });
    }
    return ok;
  }

  void stages() {
    std::set<std::string_view> seen;
    for (const Stage& stage : module_->stages) {
      subject_ = fmt::format("stage `{}`", stage.name);
      loc_ = stage.loc;
      require(!stage.name.empty(), "a stage needs a name");
      require(seen.insert(stage.name).second, "the name is taken by another stage");
      require(precedes(stage.root) && is_root(stage.root),
              "`root` must be an image, scratch, exec, copy or mkdir");
      require(precedes(stage.config) && is_config(stage.config),
              "`config` must be an image, scratch or config");
    }
  }

  void targets() {
    std::set<std::string_view> seen;
    for (const Target& target : module_->targets) {
      subject_ = fmt::format("target `{}`", target.name);
      loc_ = target.loc;
      require(!target.name.empty(), "a target needs a name");
      require(seen.insert(target.name).second, "the name is taken by another target");
      require(target.stage.index < module_->stages.size(), "`stage` must name a stage");
      platform(target.platform);
      for (const RunMount& mount : target.run_mounts) {
        require(is_relative(mount.source), "`source` must be a clean path inside the context");
        require(is_absolute(mount.target), "`target` must be absolute");
      }
    }
  }

  const Module* module_;
  Emitter* emitter_;
  std::size_t index_ = 0;
  // A list that was found to hold no NUL.
  const Strings* known_good_ = nullptr;
  std::string subject_;
  Loc loc_;
};

}  // namespace

bool verify(const Module& module, Emitter& emitter) { return Verifier(module, emitter).run(); }

}  // namespace strata::ir
