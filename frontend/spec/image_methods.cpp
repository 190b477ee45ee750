// The meaning of each constructor and method, and the rules that hold between calls of a chain.
#include "frontend/spec/image_methods.h"

#include <algorithm>
#include <utility>

#include "frontend/spec/commands.h"
#include "ir/base/check.h"
#include "ir/ignore_matcher.h"
#include "ir/path_pattern.h"
#include "ir/reference.h"

namespace strata::frontend::spec {
namespace {

constexpr DiagnosticDef<std::string> kBadVersion{Kind::BadArgument,
                                                 "`{}` is not a version of Python 3"};
constexpr DiagnosticDef<std::string> kBadReference{Kind::BadArgument,
                                                   "`{}` is not an image reference"};
constexpr DiagnosticDef<std::string_view> kNothingGiven{Kind::MissingArgument,
                                                        "`{}` is given nothing to do"};
constexpr DiagnosticDef<std::string> kBadNetwork{Kind::BadArgument, "`{}` is not a network mode"};
constexpr DiagnosticDef<std::string> kBadStrategy{Kind::BadArgument, "`{}` is not a strategy"};
constexpr DiagnosticDef<> kStrategyTwice{Kind::BadArgument, "`copy=` contradicts `strategy=`"};
constexpr DiagnosticDef<std::string_view> kControl{Kind::BadArgument, "{} holds a NUL character"};
constexpr DiagnosticDef<std::string_view> kEmpty{Kind::BadArgument, "{} is empty"};
constexpr DiagnosticDef<std::string_view, std::string> kBadName{Kind::BadArgument,
                                                                "`{1}` is not {0}"};
constexpr DiagnosticDef<std::string> kOutside{Kind::SourceOutsideContext,
                                              "source `{}` leaves the build context"};
constexpr DiagnosticDef<std::string> kRelative{Kind::RelativeDestination,
                                               "destination `{}` is relative"};
constexpr DiagnosticDef<std::string> kBadPattern{Kind::BadArgument, "{}"};
constexpr DiagnosticDef<std::string_view> kStepAfterMount{
    Kind::StepAfterMount, "build step `{}` after `strategy=\"mount\"`"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// 3.N or 3.N.P
bool is_python_version(std::string_view text) {
  if (!text.starts_with("3.")) {
    return false;
  }
  text.remove_prefix(2);
  for (int part = 0; part < 2; ++part) {
    const std::size_t digits =
        std::min(static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                          text.begin()),
                 text.size());
    if (digits == 0 || digits > 3) {
      return false;
    }
    text.remove_prefix(digits);
    if (text.empty()) {
      return true;
    }
    if (text.front() != '.') {
      return false;
    }
    text.remove_prefix(1);
  }
  return false;
}

}  // namespace

std::optional<ImageId> ImageMethods::call(const MethodDef& def, ImageId parent,
                                          const Arguments& arguments, const CallSite& site) {
  // A list or dict is shared by all that name it, but each call copies what it takes.
  if (!budget_->take_text(arguments.bytes(), site.call, *emitter_)) {
    return std::nullopt;
  }
  auto made = step(def, arguments, site);
  if (!made) {
    return std::nullopt;
  }
  const bool constructor = def.effect == MethodDef::Effect::Constructor;
  if (const auto* change = std::get_if<ChangeConfig>(&*made);
      change != nullptr && change->change == ir::Config{}) {
    // env({}): nothing changes.
    return parent;
  }
  if (!constructor) {
    check_mounts(def, *made, parent, site);
  }
  const bool is_mount = std::holds_alternative<AddLocal>(*made) &&
                        std::get<AddLocal>(*made).strategy == AddLocal::Strategy::Mount;
  const ImageId id = add(parent, constructor ? site.whole : site.call, *std::move(made));
  if (is_mount) {
    mounts_[id.index] = id;
    MountSite mount{.site = site, .copy_at = {}, .copy_text = {}};
    if (const Loc loc = arguments.loc("strategy"); loc.valid()) {
      mount.copy_at = loc;
      mount.copy_text = "\"copy\"";
    } else if (const Loc alias = arguments.loc("copy"); alias.valid()) {
      mount.copy_at = alias;
      mount.copy_text = "True";
    } else {
      mount.copy_at = site.last_argument;
      mount.copy_at.begin = mount.copy_at.end;
      mount.copy_text = ", strategy=\"copy\"";
    }
    mount_sites_.emplace(id, std::move(mount));
  }
  return id;
}

ImageId ImageMethods::add(ImageId parent, Loc loc, Step step) {
  const ImageId id{static_cast<std::uint32_t>(graph_.nodes.size())};
  graph_.nodes.push_back({.parent = parent, .loc = loc, .step = std::move(step)});
  mounts_.push_back(parent.valid() ? mounts_[parent.index] : ImageId());
  return id;
}

void ImageMethods::check_mounts(const MethodDef& def, const Step& step, ImageId parent,
                                const CallSite& site) {
  const auto* local = std::get_if<AddLocal>(&step);
  const bool mounts = local != nullptr && local->strategy == AddLocal::Strategy::Mount;
  const ImageId mount = mounts_[parent.index];
  if (!mount.valid() || mounts || def.effect != MethodDef::Effect::Build) {
    return;
  }
  const MountSite& mounted = mount_sites_.at(mount);
  const Loc name{site.call.file, site.call.begin, site.parentheses.begin};
  auto pending = emitter_->emit(name, kStepAfterMount, def.name);
  pending.note(mounted.site.call, "files mounted here are not there while the image is built");
  const Loc moved{site.call.file, mounted.site.after_base.begin, mounted.site.chain_end.begin};
  if (mounted.site.chain_end == site.chain_end) {
    const Loc call{moved.file, moved.begin, mounted.site.call.end};
    const Loc rest{moved.file, call.end, moved.end};
    pending.fix(moved, std::string(sources_->text(rest)) + std::string(sources_->text(call)),
                "move the mount last");
  } else {
    pending.note("mount last, after every build step");
  }
  pending.fix(mounted.copy_at, mounted.copy_text, "or use strategy=\"copy\"");
  // One report for each mount.
  mounts_[parent.index] = ImageId();
}

std::optional<ImageMethods::Step> ImageMethods::step(const MethodDef& def,
                                                     const Arguments& arguments,
                                                     const CallSite& site) {
  switch (def.method) {
    case Method::DebianSlim:
      return debian_slim(arguments, site);
    case Method::Base:
      return base(arguments);
    case Method::Scratch:
      return FromScratch{};
    case Method::PipInstall:
      return pip_install(arguments, site);
    case Method::AptInstall:
      return apt_install(arguments, site);
    case Method::RunCommands:
      return run_commands(arguments, site);
    case Method::DockerfileCommands:
      return dockerfile_commands(arguments, site);
    case Method::AddLocalFile:
      return add_local(AddLocal::Shape::File, arguments, site);
    case Method::AddLocalDir:
      return add_local(AddLocal::Shape::Directory, arguments, site);
    case Method::Workdir:
    case Method::Env:
    case Method::User:
    case Method::Cmd:
    case Method::Entrypoint:
    case Method::Label:
      return config(def.method, arguments);
    case Method::Later:
      break;
  }
  STRATA_CHECK(false, "a method that is not supported yet was called");
}

std::optional<ImageMethods::Step> ImageMethods::debian_slim(const Arguments& arguments,
                                                            const CallSite& site) {
  const Text version = arguments.string("python_version")
                           .value_or(Text{std::string(edition_->python_version), site.call});
  if (!is_python_version(version.text)) {
    emitter_->emit(version.loc, kBadVersion, version.text)
        .note("a version is written as \"3.12\" or \"3.12.4\"");
    return std::nullopt;
  }
  return FromRegistry{"docker.io/library/python:" + version.text + "-slim-" +
                      std::string(edition_->debian_codename)};
}

std::optional<ImageMethods::Step> ImageMethods::base(const Arguments& arguments) {
  const Text ref = *arguments.string("ref");
  const auto reference = ir::Reference::parse(ref.text);
  if (!reference) {
    emitter_->emit(ref.loc, kBadReference, ref.text)
        .note("as in `node:22-slim`, `ghcr.io/org/image:tag` or `name@sha256:…`");
    return std::nullopt;
  }
  return FromRegistry{reference->str()};
}

bool ImageMethods::check_text(const Text& text, std::string_view what) {
  if (text.text.find('\0') != std::string::npos) {
    emitter_->emit(text.loc, kControl, what);
    return false;
  }
  return true;
}

std::optional<ImageMethods::Step> ImageMethods::run_commands(const Arguments& arguments,
                                                             const CallSite& site) {
  RunCommands run;
  bool good = true;
  for (const Text& command : arguments.variadic()) {
    if (command.text.find_first_not_of(" \t\r\n") == std::string::npos) {
      emitter_->emit(command.loc, kEmpty, "the command");
      good = false;
    }
    good = check_text(command, "the command") && good;
    run.commands.push_back({command.text, command.loc});
  }
  if (run.commands.empty()) {
    emitter_->emit(site.call, kNothingGiven, "run_commands");
    good = false;
  }
  if (const auto network = arguments.string("network")) {
    if (network->text != "none" && network->text != "host" && network->text != "default") {
      emitter_->emit(network->loc, kBadNetwork, network->text)
          .note("the modes are \"default\", \"none\" and \"host\"");
      good = false;
    }
    run.network = network->text == "default" ? "" : network->text;
  }
  run.env = arguments.pairs("env");
  good = check_names(run.env, arguments.loc("env"), "the name of an environment variable") && good;
  return good ? std::optional<Step>(std::move(run)) : std::nullopt;
}

std::optional<ImageMethods::Step> ImageMethods::dockerfile_commands(const Arguments& arguments,
                                                                    const CallSite& site) {
  DockerfileCommands commands;
  for (const Text& line : arguments.variadic()) {
    if (!check_text(line, "the instruction")) {
      return std::nullopt;
    }
    commands.text += line.text;
    commands.text += '\n';
  }
  if (commands.text.find_first_not_of(" \t\r\n") == std::string::npos) {
    emitter_->emit(site.call, kNothingGiven, "dockerfile_commands");
    return std::nullopt;
  }
  return commands;
}

std::optional<AddLocal::Strategy> ImageMethods::strategy(const Arguments& arguments) {
  const auto name = arguments.string("strategy");
  const auto copy = arguments.boolean("copy");
  if (name && name->text != "mount" && name->text != "copy") {
    emitter_->emit(name->loc, kBadStrategy, name->text)
        .note("the strategies are \"mount\" (the default) and \"copy\"");
    return std::nullopt;
  }
  const bool copies = name ? name->text == "copy" : copy.value_or(false);
  if (name && copy && *copy != copies) {
    emitter_->emit(arguments.loc("copy"), kStrategyTwice).label(name->loc, "given here");
    return std::nullopt;
  }
  return copies ? AddLocal::Strategy::Copy : AddLocal::Strategy::Mount;
}

bool ImageMethods::check_source(const Text& source, AddLocal& add) {
  if (source.text.empty()) {
    emitter_->emit(source.loc, kEmpty, "the source");
    return false;
  }
  std::string clean = ir::clean_path(source.text);
  if (clean == ".." || clean.starts_with("../") || clean.starts_with("/")) {
    emitter_->emit(source.loc, kOutside, source.text)
        .note("only files below the context directory can be added; paths are relative to it");
    return false;
  }
  add.source_loc = source.loc;
  add.source = clean == "." ? "" : std::move(clean);
  return check_text(source, "the source");
}

bool ImageMethods::check_destination(const Text& dest, AddLocal& add) {
  if (!dest.text.starts_with("/")) {
    auto pending = emitter_->emit(dest.loc, kRelative, dest.text);
    pending.note("a destination is a path from the root of the image");
    const std::string_view written = sources_->text(dest.loc);
    if (written.size() > 2 && (written.front() == '"' || written.front() == '\'') &&
        !dest.text.starts_with(".")) {
      pending.fix({dest.loc.file, dest.loc.begin + 1, dest.loc.begin + 1}, "/",
                  "did you mean `/" + dest.text + "`?");
    }
    return false;
  }
  add.dest = dest.text;
  return check_text(dest, "the destination");
}

std::optional<ImageMethods::Step> ImageMethods::add_local(AddLocal::Shape shape,
                                                          const Arguments& arguments,
                                                          const CallSite& site) {
  AddLocal add{
      .shape = shape, .strategy = {}, .source = {}, .dest = {}, .ignore = {}, .source_loc = {}};
  const auto how = strategy(arguments);
  bool good = how.has_value();
  good = check_source(*arguments.string("src"), add) && good;
  good = check_destination(*arguments.string("dst"), add) && good;
  if (good && shape == AddLocal::Shape::File && add.source.empty()) {
    emitter_->emit(add.source_loc, kBadName, "a file", ".")
        .note("`add_local_dir` adds directories");
    good = false;
  }
  for (const Text& pattern : arguments.strings("ignore")) {
    if (const auto matcher = ir::IgnoreMatcher::make({pattern.text}); !matcher) {
      emitter_->emit(pattern.loc, kBadPattern, matcher.error().message);
      good = false;
    }
    add.ignore.push_back(pattern.text);
  }
  if (!good) {
    return std::nullopt;
  }
  STRATA_CHECK(site.last_argument.valid(), "a call with arguments has a last one");
  add.strategy = *how;
  return add;
}

bool ImageMethods::check_names(const ir::Pairs& pairs, Loc loc, std::string_view what) {
  bool good = true;
  for (const auto& [name, value] : pairs) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      emitter_->emit(loc, kBadName, what, name);
      good = false;
    }
    good = check_text({value, loc}, "the value of `" + name + "`") && good;
  }
  return good;
}

std::optional<ImageMethods::Step> ImageMethods::config(Method method, const Arguments& arguments) {
  ChangeConfig result;
  const auto args_of = [&](std::string_view param) {
    ir::Strings args;
    for (const Text& text : arguments.strings(param)) {
      args.push_back(text.text);
    }
    return args;
  };
  const auto named = [&](std::string_view param,
                         std::string_view what) -> std::optional<std::string> {
    const Text text = *arguments.string(param);
    if (text.text.empty()) {
      emitter_->emit(text.loc, kEmpty, what);
      return std::nullopt;
    }
    return check_text(text, what) ? std::optional(text.text) : std::nullopt;
  };
  if (method == Method::Cmd) {
    return SetCmd{args_of("args")};
  }
  if (method == Method::Entrypoint) {
    return SetEntrypoint{args_of("args")};
  }
  if (method == Method::Workdir) {
    const auto path = named("path", "the directory");
    return path ? std::optional<Step>(SetWorkdir{*path}) : std::nullopt;
  }
  if (method == Method::User) {
    result.change.user = named("user", "the user");
    return result.change.user ? std::optional<Step>(result) : std::nullopt;
  }
  const bool env = method == Method::Env;
  const std::string_view param = env ? "vars" : "labels";
  ir::Pairs pairs = arguments.pairs(param);
  if (env && !check_names(pairs, arguments.loc(param), "the name of an environment variable")) {
    return std::nullopt;
  }
  for (const auto& [name, value] : pairs) {
    if (name.empty()) {
      emitter_->emit(arguments.loc(param), kEmpty, "the name of a label");
      return std::nullopt;
    }
  }
  (env ? result.change.env : result.change.labels) = std::move(pairs);
  return result;
}

}  // namespace strata::frontend::spec
