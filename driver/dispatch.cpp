// The command line: flags to option structs, and which command takes them. The only file that names
// CLI11.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <sstream>

#include "backend/system/interrupt.h"
#include "driver/build_contexts.h"
#include "driver/commands.h"
#include "driver/console.h"
#include "driver/signals.h"
#include "ir/base/text.h"

namespace strata::driver {
namespace {

using Pair = std::pair<std::string, std::string>;

// Of --help: where descriptions begin.
constexpr std::size_t kColumnWidth = 34;

// `K=V`; `K` alone takes the value from strata's own environment, and is left out when it is not
// there (as docker does).
std::vector<Pair> key_values(const std::vector<std::string>& texts) {
  std::vector<Pair> pairs;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
      pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    } else if (const char* value = std::getenv(text.c_str())) {
      pairs.emplace_back(text, value);
    }
  }
  return pairs;
}

// `type=oci,dest=out`; a bare path is type=local, `-` a tar on stdout, as docker's -o.
OutputOption output_of(const std::string& text) {
  if (text.find('=') == std::string::npos) {
    return text == "-" ? OutputOption{"tar", "-", ""} : OutputOption{"local", text, ""};
  }
  OutputOption output;
  std::istringstream fields(text);
  for (std::string field; std::getline(fields, field, ',');) {
    const std::size_t equals = field.find('=');
    const std::string key = field.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : field.substr(equals + 1);
    if (key == "type") {
      output.type = value;
    } else if (key == "dest") {
      output.dest = value;
    } else if (key == "ref" || key == "name") {
      output.ref = value;
    } else {
      throw CLI::ValidationError("-o", "unknown field `" + key + "` (known: type, dest, ref)");
    }
  }
  static const std::vector<std::string> kTypes = {"oci", "oci-archive", "docker",
                                                  "tar", "local",       "registry"};
  if (std::find(kTypes.begin(), kTypes.end(), output.type) == kTypes.end()) {
    throw CLI::ValidationError("-o",
                               "unknown type `" + output.type +
                                   "` (known: oci, oci-archive, docker, tar, local, registry)");
  }
  const bool needs_dest = output.type != "registry" && output.type != "docker";
  if (needs_dest && output.dest.empty()) {
    throw CLI::ValidationError("-o", "type=" + output.type + " needs dest=PATH");
  }
  return output;
}

struct RawInput {
  std::vector<std::string> build_args;
  std::vector<std::string> params;
  std::vector<std::string> contexts;
  std::string epoch;
  bool update = false;
  bool offline = false;
};

void add_input(CLI::App& app, InputOptions& input, RawInput& raw) {
  app.add_option("context", input.context, "Build context directory")->capture_default_str();
  app.add_option(
      "-f,--file", input.file,
      "Input file, - for standard input (default: image.strata, Dockerfile or Containerfile "
      "in CONTEXT)");
  app.add_option("--target", input.targets, "Stage or image to build")->allow_extra_args(false);
  app.add_option("--build-arg", raw.build_args, "Set a build argument, K=V")
      ->allow_extra_args(false);
  app.add_option("--param", raw.params, "Set a parameter of a spec file, K=V")
      ->allow_extra_args(false);
  app.add_option("--platform", input.platform,
                 "Target platform, os/arch[/variant] (default: this machine's)");
  app.add_option("--build-context", raw.contexts,
                 "Directory in the place of a stage or image, NAME=DIRECTORY")
      ->allow_extra_args(false);
  app.add_flag("--no-cache", input.no_cache, "Run every step, whatever the store holds");
  auto* update =
      app.add_flag("--update,--pull", raw.update, "Ask the registry for each base image again");
  app.add_flag("--offline", raw.offline, "Use the store alone, never the network")
      ->excludes(update);
  app.add_option("-j,--jobs", input.jobs,
                 "Steps and threads at once (default: the number of cores)");
  app.add_option(
      "--source-date-epoch", raw.epoch,
      "The build argument SOURCE_DATE_EPOCH: the time, in seconds, of files, image and history "
      "(default: $SOURCE_DATE_EPOCH, else the base's)");
  app.add_option("--compression", input.compression,
                 "Layer codec: gzip[:LEVEL], zstd[:LEVEL] or none")
      ->capture_default_str();
  app.add_option("--message-format", input.message_format, "Diagnostics as text or json")
      ->transform(CLI::CheckedTransformer(std::map<std::string, MessageFormat>{
          {"text", MessageFormat::Text}, {"json", MessageFormat::Json}}))
      ->option_text("FORMAT");
}

// The flag and the environment variable are the build argument, as in buildx; what the command line
// says goes before the environment.
void add_epoch(const std::string& flag, std::vector<Pair>& build_args) {
  constexpr const char* kName = "SOURCE_DATE_EPOCH";
  const auto given = std::find_if(build_args.rbegin(), build_args.rend(),
                                  [&](const Pair& argument) { return argument.first == kName; });
  if (given != build_args.rend()) {
    if (!flag.empty() && flag != given->second) {
      throw CLI::ValidationError(
          "--source-date-epoch",
          "`" + flag + "` and the build argument `" + given->second + "` are not the same time");
    }
    return;
  }
  const char* environment = std::getenv(kName);
  const std::string value = !flag.empty() || environment == nullptr ? flag : environment;
  if (!value.empty()) {
    build_args.emplace_back(kName, value);
  }
}

void finish_input(InputOptions& input, const RawInput& raw) {
  input.build_args = key_values(raw.build_args);
  input.params = key_values(raw.params);
  add_epoch(raw.epoch, input.build_args);
  for (const std::string& text : raw.contexts) {
    const auto context = parse_build_context(text);
    if (!context) {
      throw CLI::ValidationError("--build-context", context.error().message);
    }
    input.contexts.insert_or_assign(context->first, context->second);
  }
  if (raw.update) {
    input.freshness = Freshness::Update;
  } else if (raw.offline) {
    input.freshness = Freshness::Offline;
  }
}

CLI::Option* add_format(CLI::App& app, OutputFormat& format) {
  return app.add_option("--format", format, "text or json")
      ->transform(CLI::CheckedTransformer(std::map<std::string, OutputFormat>{
          {"text", OutputFormat::Text}, {"json", OutputFormat::Json}}))
      ->option_text("FORMAT");
}

// The command that was chosen; set while CLI11 parses.
using Chosen = std::function<ExitCode()>;

void add_build(CLI::App& root, Chosen& chosen) {
  auto* app = root.add_subcommand("build", "Build images from a Dockerfile or spec file");
  auto options = std::make_shared<BuildOptions>();
  auto raw = std::make_shared<RawInput>();
  auto outputs = std::make_shared<std::vector<std::string>>();
  auto quiet = std::make_shared<bool>(false);
  add_input(*app, options->input, *raw);
  app->add_option("-t,--tag", options->tags, "Name to give the image in the store")
      ->allow_extra_args(false);
  app->add_option("-o,--output", *outputs,
                  "type=oci|oci-archive|docker|tar|local,dest=PATH or type=registry[,ref=NAME]")
      ->allow_extra_args(false);
  app->add_flag("--push", options->push, "Push under each tag (as -o type=registry)");
  app->add_flag("--load", options->load, "Load into docker, else podman (as -o type=docker)");
  app->add_option("--progress", options->progress, "auto, tty, plain, json or quiet")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, ProgressKind>{{"auto", ProgressKind::Auto},
                                              {"tty", ProgressKind::Tty},
                                              {"plain", ProgressKind::Plain},
                                              {"json", ProgressKind::Json},
                                              {"quiet", ProgressKind::Quiet}}))
      ->option_text("KIND");
  app->add_flag("-q,--quiet", *quiet, "Print the digest alone");
  app->add_option("--runtime", options->runtime, "OCI runtime for RUN: runc, crun or a path");
  app->add_option("--iidfile", options->iidfile, "Write the config digest here");
  app->add_option("--digest-file", options->digest_file, "Write the manifest digest here");
  app->add_option("--metadata-file", options->metadata_file, "Write what was built here, as JSON");
  app->callback([=, &chosen] {
    finish_input(options->input, *raw);
    for (const std::string& output : *outputs) {
      options->outputs.push_back(output_of(output));
    }
    if (*quiet) {
      options->progress = ProgressKind::Quiet;
    }
    chosen = [options] { return run_build(*options); };
  });
}

void add_plan_and_key(CLI::App& root, Chosen& chosen) {
  auto raw = std::make_shared<RawInput>();
  auto plan = std::make_shared<PlanOptions>();
  auto* app = root.add_subcommand("plan", "Say what a build would run, without building");
  add_input(*app, plan->input, *raw);
  add_format(*app, plan->format);
  app->add_flag("--detailed-exitcode", plan->detailed_exitcode, "Exit 10 when a step would run");
  app->callback([=, &chosen] {
    finish_input(plan->input, *raw);
    chosen = [plan] { return run_plan(*plan); };
  });

  auto key = std::make_shared<KeyOptions>();
  auto key_raw = std::make_shared<RawInput>();
  app =
      root.add_subcommand("key", "Print the image key, which names the result before it is built");
  add_input(*app, key->input, *key_raw);
  app->add_flag("--steps", key->steps, "Print each step's digest too");
  app->add_option("--preimage", key->preimage,
                  "Print the record that this step's digest is the SHA-256 of");
  app->callback([=, &chosen] {
    finish_input(key->input, *key_raw);
    chosen = [key] { return run_key(*key); };
  });
}

void add_compiler_commands(CLI::App& root, Chosen& chosen) {
  auto dump = std::make_shared<DumpOptions>();
  auto* app = root.add_subcommand(
      "dump", "Print what the compiler makes of a file, without context or network");
  app->add_option("what", dump->what, "ast, ir or plan")
      ->required()
      ->check(CLI::IsMember({"ast", "ir", "plan"}));
  app->add_option("file", dump->file, "Dockerfile or spec file")->required();
  add_format(*app, dump->format);
  app->add_flag("--locations", dump->locations, "Print source locations in the IR");
  app->add_flag("--opt", dump->optimized, "Run the default passes first");
  app->callback([=, &chosen] { chosen = [dump] { return run_dump(*dump); }; });

  auto opt = std::make_shared<OptOptions>();
  app = root.add_subcommand("opt", "Run passes on IR text");
  app->add_option("file", opt->file, "IR text (.sir)");
  app->add_option("--passes", opt->passes, "Passes to run, in order (default: the pipeline)")
      ->delimiter(',');
  app->add_option("--print-after", opt->print_after, "Print the IR after these passes")
      ->delimiter(',');
  app->add_flag("--verify-each", opt->verify_each, "Verify after each pass");
  app->add_flag("--print-changed", opt->print_changed,
                "Print the IR after each pass that changed it");
  app->add_flag("--time-passes", opt->time_passes, "Print each pass's time");
  app->add_flag("--list", opt->list, "List the passes");
  app->callback([=, &chosen] { chosen = [opt] { return run_opt(*opt); }; });
}

void add_transfer_commands(CLI::App& root, Chosen& chosen) {
  auto import = std::make_shared<ImportOptions>();
  auto* app = root.add_subcommand("import",
                                  "Take a root file system tar, OCI layout, OCI or docker archive");
  app->add_option("path", import->path, "File or directory")->required();
  app->add_option("-n,--name,-t,--tag", import->name, "Name to give the image");
  app->add_option("--platform", import->platform, "Platform of a root file system tar");
  app->add_option("-c,--change", import->changes,
                  "Config of a root tar, as an instruction: 'ENV A=1', 'CMD [\"sh\"]'")
      ->allow_extra_args(false);
  app->add_option("--created", import->created, "`created` of a root tar's image, seconds");
  app->callback([=, &chosen] { chosen = [import] { return run_import(*import); }; });

  auto exported = std::make_shared<ExportOptions>();
  auto output = std::make_shared<std::string>();
  app = root.add_subcommand("export", "Write an image of the store");
  app->add_option("image", exported->image, "Name or digest")->required();
  app->add_option("-o,--output", *output, "type=oci|oci-archive|docker|tar|local,dest=PATH")
      ->required();
  app->callback([=, &chosen] {
    exported->output = output_of(*output);
    chosen = [exported] { return run_export(*exported); };
  });

  auto pull = std::make_shared<TransferOptions>();
  app = root.add_subcommand("pull", "Fetch an image into the store");
  app->add_option("image", pull->image, "Reference")->required();
  app->add_option("--platform", pull->platform, "os/arch[/variant]");
  app->callback([=, &chosen] { chosen = [pull] { return run_pull(*pull); }; });

  auto push = std::make_shared<TransferOptions>();
  app = root.add_subcommand("push", "Send an image of the store to a registry");
  app->add_option("image", push->image, "Name or digest")->required();
  app->add_option("destination", push->destination,
                  "Reference to push to (default: the image's name)");
  app->callback([=, &chosen] { chosen = [push] { return run_push(*push); }; });

  auto inspect = std::make_shared<InspectOptions>();
  app = root.add_subcommand("inspect", "Show an image of the store");
  app->add_option("image", inspect->image, "Name or digest; without it, every image of the store");
  add_format(*app, inspect->format);
  app->callback([=, &chosen] { chosen = [inspect] { return run_inspect(*inspect); }; });
}

// Everything behind the image belongs to the process, flags too; so no positional is declared, and
// CLI11 cannot print them.
class RunUsage final : public CLI::Formatter {
  std::string make_usage(const CLI::App* /*app*/, std::string name) const override {
    return fmt::format(
        "Usage: {0} [OPTIONS] IMAGE [COMMAND…]\n       {0} [OPTIONS] --step DIGEST [COMMAND…]\n",
        name);
  }
};

void split_run(RunOptions& run, std::vector<std::string> words) {
  if (!words.empty() && words.front().starts_with('-')) {
    throw CLI::ExtrasError("run", {words.front()});
  }
  if (run.step.empty()) {
    if (words.empty()) {
      throw CLI::ParseError("run: an image, or --step, is required", CLI::ExitCodes::RequiredError);
    }
    run.image = words.front();
    words.erase(words.begin());
  }
  run.command = std::move(words);
}

void add_run(CLI::App& root, Chosen& chosen) {
  auto run = std::make_shared<RunOptions>();
  auto env = std::make_shared<std::vector<std::string>>();
  auto remove = std::make_shared<bool>(false);
  auto* app = root.add_subcommand(
      "run", "Start an image, or a RUN that failed; what the process writes is discarded");
  const auto usage = std::make_shared<RunUsage>();
  usage->column_width(kColumnWidth);
  app->formatter(usage);
  app->add_flag("-i,--interactive", run->interactive, "Keep standard input open");
  app->add_flag("-t,--tty", run->tty, "Give the process a terminal");
  app->add_flag("--rm", *remove, "Accepted for familiarity: nothing is ever kept");
  app->add_option("-v,--volume", run->volumes, "SOURCE:TARGET[:ro]")->allow_extra_args(false);
  app->add_option("-e,--env", *env, "K=V, or K from the environment")->allow_extra_args(false);
  auto* entrypoint =
      app->add_option("--entrypoint", run->entrypoint, "Replace the image's entrypoint");
  app->add_option("-w,--workdir", run->workdir, "Working directory");
  app->add_option("-u,--user", run->user, "User");
  app->add_option("--runtime", run->runtime, "runc, crun or a path");
  app->add_option("--step", run->step,
                  "Start where this RUN failed: its root, environment, user, directory and network")
      ->excludes(entrypoint)
      ->option_text("DIGEST");
  app->prefix_command();
  app->callback([=, &chosen] {
    run->env = key_values(*env);
    split_run(*run, app->remaining());
    chosen = [run] { return run_run(*run); };
  });
}

void add_store_commands(CLI::App& root, Chosen& chosen) {
  auto gc = std::make_shared<GcCommandOptions>();
  auto* app = root.add_subcommand("gc", "Remove from the store what nothing refers to");
  app->add_option("--keep-bytes", gc->keep_bytes, "Keep the latest results up to this size")
      ->transform(CLI::AsSizeValue(true));
  app->add_option("--keep-days", gc->keep_days, "Keep what was used within so many days");
  app->add_flag("--dry-run", gc->dry_run, "Only say what would go");
  app->callback([=, &chosen] { chosen = [gc] { return run_gc(*gc); }; });

  auto doctor = std::make_shared<DoctorOptions>();
  app = root.add_subcommand("doctor", "Check what this machine can do, and the store");
  app->add_option("--runtime", doctor->runtime, "Check this runtime only");
  app->add_flag("--fsck", doctor->fsck, "Re-hash everything in the store");
  app->callback([=, &chosen] { chosen = [doctor] { return run_doctor(*doctor); }; });

  app = root.add_subcommand("version", "Print the version");
  app->callback([&chosen] { chosen = [] { return run_version(); }; });
}

// CLI11 would only say that a subcommand is required.
std::optional<std::string> unknown_command(const CLI::App& root, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') {
    return std::nullopt;
  }
  const std::string word = argv[1];
  std::vector<std::string> names;
  for (const CLI::App* command : root.get_subcommands(nullptr)) {
    if (command->get_name() == word) {
      return std::nullopt;
    }
    names.push_back(command->get_name());
  }
  const auto near = nearest(word, names);
  return fmt::format(
      "there is no command `{}`{}", word,
      near ? fmt::format("; did you mean `{}`?", *near) : "; `strata --help` lists them");
}

// For the first flag that the chosen command does not have, the nearest that it has; else where to
// look.
std::string advice_for(const CLI::App& root, int argc, char** argv) {
  for (const CLI::App* command : root.get_subcommands(nullptr)) {
    if (argc < 2 || command->get_name() != argv[1]) {
      continue;
    }
    std::vector<std::string> flags;
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        flags.push_back("--" + name);
      }
    }
    for (int i = 2; i < argc; ++i) {
      const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
      if (!word.starts_with("--") || std::find(flags.begin(), flags.end(), word) != flags.end()) {
        continue;
      }
      if (const auto near = nearest(word, flags)) {
        return fmt::format("; did you mean `{}`?", *near);
      }
    }
    return fmt::format("; `strata {} --help` lists its options", command->get_name());
  }
  return "; `strata --help` lists the commands";
}

// What the process ends with: not with success when the answer did not get out, nor when the user
// wanted it to stop, however late that was.
ExitCode ended(ExitCode code) {
  if (backend::interrupted()) {
    remark("strata: interrupted\n");
    return ExitCode::Interrupted;
  }
  const Result<void> written = finish_answer();
  if (written) {
    return code;
  }
  const ExitCode failed = report(written.error());
  return code == ExitCode::Done || code == ExitCode::WorkPending ? failed : code;
}

}  // namespace

int dispatch(int argc, char** argv) {
  CLI::App root("strata compiles Dockerfiles and image-spec files into deterministic OCI images.",
                "strata");
  root.require_subcommand(1);
  root.get_formatter()->column_width(kColumnWidth);
  Chosen chosen;
  add_build(root, chosen);
  add_plan_and_key(root, chosen);
  add_compiler_commands(root, chosen);
  add_transfer_commands(root, chosen);
  add_run(root, chosen);
  add_store_commands(root, chosen);
  root.set_version_flag("--version", [] { return std::string("strata ") + STRATA_VERSION; });
  if (const auto unknown = unknown_command(root, argc, argv)) {
    remark("strata: error: {}\n", *unknown);
    return static_cast<int>(ExitCode::Input);
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::Success& help) {
    std::ostringstream out;
    std::ostringstream none;
    (void)root.exit(help, out, none);
    answer(std::string_view(out.str()));
    return static_cast<int>(ended(ExitCode::Done));
  } catch (const CLI::ParseError& error) {
    remark("strata: error: {}{}\n", error.what(), advice_for(root, argc, argv));
    return static_cast<int>(ExitCode::Input);
  }
  heed_signals();
  return static_cast<int>(ended(chosen()));
}

}  // namespace strata::driver
