// pip_install and apt_install: what a package may be called, and the commands that install them.
#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "frontend/spec/commands.h"
#include "frontend/spec/image_methods.h"
#include "frontend/spec/requirement.h"

namespace strata::frontend::spec {
namespace {

constexpr DiagnosticDef<std::string_view> kNoPackages{Kind::MissingArgument,
                                                      "`{}` is given no package"};
constexpr DiagnosticDef<std::string> kBadRequirement{Kind::BadRequirement, "{}"};
constexpr DiagnosticDef<std::string> kOption{Kind::OptionInPackages,
                                             "option `{}` among the packages"};
constexpr DiagnosticDef<std::string, std::string, std::string> kConflict{
    Kind::ConflictingRequirements, "`{}` is required as `{}` and as `{}`"};
constexpr DiagnosticDef<std::string> kBadPackage{Kind::BadArgument,
                                                 "`{}` is not a package of Debian"};
constexpr DiagnosticDef<std::string_view> kLineBreak{Kind::BadArgument, "{} holds a line break"};

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Requirements in written order, each package once.
class RequirementList {
 public:
  explicit RequirementList(Emitter& emitter) : emitter_(&emitter) {}

  bool add(const Text& written) {
    const std::string text(trim(written.text));
    if (text.starts_with("-")) {
      option(text, written.loc);
      return false;
    }
    auto parsed = parse_requirement(text);
    if (const auto* error = std::get_if<RequirementError>(&parsed)) {
      auto pending = emitter_->emit(written.loc, kBadRequirement, error->message);
      if (!error->advice.empty()) {
        pending.note(error->advice);
      }
      return false;
    }
    return add_parsed(text, written.loc, std::get<Requirement>(std::move(parsed)));
  }

  [[nodiscard]] const Texts& texts() const { return texts_; }

 private:
  struct Seen {
    Requirement requirement;
    std::size_t index = 0;
  };

  void option(const std::string& text, Loc loc) {
    auto pending = emitter_->emit(loc, kOption, text);
    if (text.starts_with("-r") || text.starts_with("--requirement")) {
      pending.note(
          "a requirements file is an input of the build: `pip_install_from_requirements` "
          "will read it, and is not supported yet");
    } else {
      pending.note("options of pip are given as `extra_options=`");
    }
  }

  bool add_parsed(const std::string& text, Loc loc, Requirement requirement) {
    const auto [first, last] = seen_.equal_range(requirement.name);
    for (auto seen = first; seen != last; ++seen) {
      const Requirement& other = seen->second.requirement;
      if (other.constraint == requirement.constraint && other.marker == requirement.marker) {
        return true;
      }
      // Requirements under different markers are alternatives.
      if (other.marker == requirement.marker) {
        const Text& before = texts_[seen->second.index];
        emitter_->emit(loc, kConflict, requirement.name, before.text, text)
            .note(before.loc, "required here first")
            .note("write one requirement, as in `name>=1,<2`");
        return false;
      }
    }
    std::string name = requirement.name;
    seen_.emplace(std::move(name), Seen{std::move(requirement), texts_.size()});
    texts_.push_back({text, loc});
    return true;
  }

  Emitter* emitter_;
  Texts texts_;
  std::multimap<std::string, Seen> seen_;
};

// name[:architecture][=version | /release]
bool is_debian_package(std::string_view text) {
  const auto take = [&](std::string_view more) {
    std::size_t count = 0;
    while (count < text.size() && ((text[count] >= 'a' && text[count] <= 'z') ||
                                   (text[count] >= '0' && text[count] <= '9') ||
                                   more.find(text[count]) != std::string_view::npos)) {
      ++count;
    }
    const std::string_view taken = text.substr(0, count);
    text.remove_prefix(count);
    return taken;
  };
  const std::string_view name = take("+-.");
  if (name.size() < 2 || std::string_view("+-.").find(name.front()) != std::string_view::npos) {
    return false;
  }
  // A trailing `-` asks apt to remove the package.
  if (name.back() == '-') {
    return false;
  }
  if (text.starts_with(":")) {
    text.remove_prefix(1);
    if (take("-").empty()) {
      return false;
    }
  }
  if (text.starts_with("=") || text.starts_with("/")) {
    text.remove_prefix(1);
    if (take("ABCDEFGHIJKLMNOPQRSTUVWXYZ.+-~:*_").empty()) {
      return false;
    }
  }
  return text.empty();
}

}  // namespace

std::optional<ImageMethods::Step> ImageMethods::pip_install(const Arguments& arguments,
                                                            const CallSite& site) {
  RequirementList list(*emitter_);
  bool good = true;
  for (const Text& package : arguments.variadic()) {
    good = list.add(package) && good;
  }
  if (arguments.variadic().empty()) {
    emitter_->emit(site.call, kNoPackages, "pip_install");
    good = false;
  }
  PipOptions options;
  const auto one_line = [&](const Text& text, std::string_view what) {
    if (text.text.find_first_of("\r\n") != std::string::npos) {
      emitter_->emit(text.loc, kLineBreak, what);
      good = false;
    }
    good = check_text(text, what) && good;
    return text.text;
  };
  for (const Text& link : arguments.strings("find_links")) {
    options.find_links.push_back(one_line(link, "`find_links`"));
  }
  if (const auto url = arguments.string("index_url")) {
    options.index_url = one_line(*url, "`index_url`");
  }
  for (const Text& url : arguments.strings("extra_index_url")) {
    options.extra_index_urls.push_back(one_line(url, "`extra_index_url`"));
  }
  if (arguments.boolean("pre").value_or(false)) {
    options.prereleases = PipOptions::Prereleases::Include;
  }
  if (const auto extra = arguments.string("extra_options")) {
    options.extra_options = std::string(trim(one_line(*extra, "`extra_options`")));
  }
  if (!good) {
    return std::nullopt;
  }
  // The n-th command installs requirements 1…n: pip resolves them together, and one that is
  // appended leaves the steps before it as they are.
  RunCommands run;
  std::vector<std::string> requirements;
  for (const Text& text : list.texts()) {
    requirements.push_back(text.text);
    std::string command = pip_install_command(requirements, options);
    if (!budget_->take_text(command.size(), text.loc, *emitter_)) {
      return std::nullopt;
    }
    run.commands.push_back({std::move(command), text.loc});
  }
  return run;
}

std::optional<ImageMethods::Step> ImageMethods::apt_install(const Arguments& arguments,
                                                            const CallSite& site) {
  std::vector<std::string> packages;
  std::unordered_set<std::string> seen;
  bool good = true;
  for (const Text& written : arguments.variadic()) {
    std::string package(trim(written.text));
    if (package.starts_with("-")) {
      emitter_->emit(written.loc, kOption, package)
          .note("`run_commands` runs apt-get with options of your own");
      good = false;
    } else if (!is_debian_package(package)) {
      auto pending = emitter_->emit(written.loc, kBadPackage, package);
      pending.note("as in `git`, `libc6:amd64` or `curl=7.88.1-10`; one package a string");
      good = false;
    } else if (seen.insert(package).second) {
      packages.push_back(std::move(package));
    }
  }
  if (arguments.variadic().empty()) {
    emitter_->emit(site.call, kNoPackages, "apt_install");
    good = false;
  }
  if (!good) {
    return std::nullopt;
  }
  RunCommands run;
  run.commands.push_back({apt_install_command(packages), site.call});
  return run;
}

}  // namespace strata::frontend::spec
