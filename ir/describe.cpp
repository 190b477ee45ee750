// An op as one line in the words of a Dockerfile, for plans and image history.
#include <fmt/format.h>

#include <algorithm>

#include "ir/base/canonical_json.h"
#include "ir/base/text.h"
#include "ir/module.h"

namespace strata::ir {
namespace {

// One line of UTF-8, whatever the bytes are.
std::string one_line(std::string text) {
  const bool utf8 = is_utf8(text);
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      c = ' ';
    } else if (!utf8 && byte >= 0x80) {
      c = '?';
    }
  }
  return text;
}

bool is_bare(char c) {
  return static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '\'' && c != '\\' && c != ';' &&
         c != 0x7F;
}

// A word as it is where that is unambiguous, else a JSON string.
std::string word(const std::string& text) {
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_bare)) {
    return text;
  }
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

std::string json_array(const Strings& values) {
  std::string text = "[";
  for (const std::string& value : values) {
    text += text.size() > 1 ? ", " : "";
    append_json_string(text, value);
  }
  return text + "]";
}

// 1h30m, 5s, 250ms: a duration in nanoseconds by the largest unit that divides it.
std::string duration(std::int64_t nanoseconds) {
  struct Unit {
    std::int64_t size;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {{3600000000000, "h"}, {60000000000, "m"}, {1000000000, "s"},
                             {1000000, "ms"},      {1000, "us"},       {1, "ns"}};
  for (const Unit& unit : kUnits) {
    if (nanoseconds % unit.size == 0) {
      return fmt::format("{}{}", nanoseconds / unit.size, unit.name);
    }
  }
  return {};
}

// Collects the instructions that one config op stands for.
class Instructions {
 public:
  void add(std::string_view keyword, const std::string& rest) {
    text_ += text_.empty() ? "" : "; ";
    fmt::format_to(std::back_inserter(text_), "{} {}", keyword, rest);
  }
  void add(std::string_view keyword, const Pairs& pairs) {
    std::string rest;
    for (const auto& [name, value] : pairs) {
      rest += rest.empty() ? "" : " ";
      rest += word(name) + "=" + (value.empty() ? "" : word(value));
    }
    if (!pairs.empty()) {
      add(keyword, rest);
    }
  }
  void add(std::string_view keyword, const Strings& words) {
    std::string rest;
    for (const std::string& text : words) {
      rest += rest.empty() ? "" : " ";
      rest += word(text);
    }
    if (!words.empty()) {
      add(keyword, rest);
    }
  }
  void add(std::string_view keyword, const OptionalString& value) {
    if (value.has_value()) {
      add(keyword, word(*value));
    }
  }
  void add_array(std::string_view keyword, const OptionalStrings& values) {
    if (values.has_value()) {
      add(keyword, json_array(*values));
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string healthcheck_text(const Healthcheck& check) {
  if (!check.test.empty() && check.test.front() == "NONE") {
    return "NONE";
  }
  std::string text;
  const auto flag = [&](std::string_view name, std::int64_t nanoseconds) {
    if (nanoseconds != 0) {
      fmt::format_to(std::back_inserter(text), "--{}={} ", name, duration(nanoseconds));
    }
  };
  flag("interval", check.interval);
  flag("timeout", check.timeout);
  flag("start-period", check.start_period);
  flag("start-interval", check.start_interval);
  if (check.retries != 0) {
    fmt::format_to(std::back_inserter(text), "--retries={} ", check.retries);
  }
  if (check.test.size() == 2 && check.test.front() == "CMD-SHELL") {
    return text + "CMD " + check.test.back();
  }
  const auto first = check.test.begin() + (check.test.empty() ? 0 : 1);
  return text + "CMD " + json_array(Strings(first, check.test.end()));
}

class Describer {
 public:
  Describer(const Module& module, DescribeFor purpose) : module_(&module), purpose_(purpose) {}

  std::string operator()(const Image& image) const { return "FROM " + image.ref; }
  std::string operator()(const Scratch&) const { return "FROM scratch"; }
  std::string operator()(const Local& local) const { return local_text(local); }
  std::string operator()(const Inline& files) const {
    std::string text = "inline";
    for (const InlineFile& file : files.files) {
      text += " " + word(file.path);
    }
    return text;
  }

  std::string operator()(const Exec& exec) const {
    std::string text = "RUN";
    if (!exec.network.empty()) {
      text += " --network=" + exec.network;
    }
    for (const Mount& mount : exec.mounts) {
      text += " --mount=type=bind" + named(",from=", mount.source);
      fmt::format_to(std::back_inserter(text), ",source={},target={}", mount.path, mount.target);
    }
    for (const std::string& arg : exec.args) {
      text += " " + arg;
    }
    return text;
  }

  std::string operator()(const Copy& copy) const {
    std::string text = copy.unpack ? "ADD" : "COPY";
    if (!copy.owner.empty()) {
      text += " --chown=" + copy.owner;
    }
    if (!copy.mode.empty()) {
      text += " --chmod=" + copy.mode;
    }
    if (!copy.sources.empty()) {
      text += named(" --from=", copy.sources.front().tree);
    }
    for (const CopySource& source : copy.sources) {
      text += " " + source_text(source);
    }
    return text + " " + word(copy.dest);
  }

  std::string operator()(const Mkdir& mkdir) const { return "WORKDIR " + word(mkdir.path); }

  std::string operator()(const Config& config) const {
    Instructions text;
    text.add("WORKDIR", config.workdir);
    text.add("ENV", config.env);
    text.add("LABEL", config.labels);
    text.add_array("SHELL", config.shell);
    text.add("USER", config.user);
    text.add("EXPOSE", config.ports);
    text.add("VOLUME", config.volumes);
    if (config.healthcheck.has_value()) {
      text.add("HEALTHCHECK", healthcheck_text(*config.healthcheck));
    }
    text.add("STOPSIGNAL", config.stop_signal);
    text.add_array("ENTRYPOINT", config.entrypoint);
    text.add_array("CMD", config.cmd);
    return text.take();
  }

 private:
  // `<flag><stage or image>` of a root, for people only: names are in no record.
  std::string named(std::string_view flag, OpId root) const {
    if (purpose_ == DescribeFor::History) {
      return {};
    }
    if (const auto* image = std::get_if<Image>(&module_->op(root).data)) {
      return std::string(flag) + image->ref;
    }
    for (const Stage& stage : module_->stages) {
      if (stage.root == root) {
        return std::string(flag) + stage.name;
      }
    }
    return {};
  }

  std::string local_text(const Local& local) const {
    if (purpose_ == DescribeFor::Plan) {
      const std::string path = local.source.empty() ? std::string(".") : local.source;
      return local.context.empty() ? path : local.context + ":" + path;
    }
    return local.tree.has_value() ? "local:" + local.tree->short_hex() : std::string("local");
  }

  std::string source_text(const CopySource& source) const {
    const OpData& tree = module_->op(source.tree).data;
    if (const auto* local = std::get_if<Local>(&tree)) {
      return word(local_text(*local));
    }
    if (const auto* files = std::get_if<Inline>(&tree)) {
      std::string text;
      for (const InlineFile& file : files->files) {
        text += (text.empty() ? "" : " ") + word(file.path);
      }
      return text;
    }
    return word(source.path);
  }

  const Module* module_;
  DescribeFor purpose_;
};

}  // namespace

std::string describe(const Module& module, OpId id, DescribeFor purpose) {
  return one_line(std::visit(Describer(module, purpose), module.op(id).data));
}

}  // namespace strata::ir
