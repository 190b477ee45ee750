// strata run: an image, or a step that failed, as a process.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "backend/build/process.h"
#include "backend/system/files.h"
#include "driver/commands.h"
#include "driver/docker_proxies.h"
#include "driver/run_start.h"
#include "driver/signals.h"

namespace strata::driver {
namespace {

Result<backend::RunSpec::Bind> bind_of(const std::string& volume) {
  const std::size_t first = volume.find(':');
  if (first == std::string::npos) {
    return Error{ErrorCode::Input, fmt::format("-v {}: not SOURCE:TARGET[:ro]", volume)};
  }
  const std::size_t second = volume.find(':', first + 1);
  const std::string mode = second == std::string::npos ? "rw" : volume.substr(second + 1);
  if (mode != "ro" && mode != "rw") {
    return Error{ErrorCode::Input,
                 fmt::format("-v {}: unknown option `{}` (known: ro, rw)", volume, mode)};
  }
  backend::RunSpec::Bind bind;
  STRATA_ASSIGN(bind.source, backend::absolute_path(volume.substr(0, first)));
  bind.target = volume.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  if (!bind.target.starts_with('/')) {
    return Error{ErrorCode::Input, fmt::format("-v {}: the target is not absolute", volume)};
  }
  bind.access = mode == "ro" ? backend::RunSpec::Bind::Access::ReadOnly
                             : backend::RunSpec::Bind::Access::ReadWrite;
  return bind;
}

class Run {
 public:
  explicit Run(const RunOptions& options) : options_(options) {}

  Result<int> run() {
    STRATA_ASSIGN(world_, World::open(1));
    STRATA_ASSIGN(const auto executor, start_executor(world_, options_.runtime));
    const InterruptWatch interrupts([&] {
      world_.http->cancel();
      executor->cancel();
    });
    STRATA_ASSIGN(RunStart start, options_.step.empty() ? image_start(world_, options_)
                                                        : step_start(*world_.store, options_));
    change(start.process);
    STRATA_TRY(add_docker_proxies(start.process.env));
    STRATA_ASSIGN(const backend::ProcessRoot root, root_of(start.process));
    STRATA_ASSIGN(const std::string scratch, world_.store->new_scratch("run"));
    STRATA_ASSIGN(backend::RunSpec spec, backend::run_spec_of(start.process, root, scratch));
    spec.binds.insert(spec.binds.end(), start.binds.begin(), start.binds.end());
    STRATA_TRY(add_volumes(spec));
    STRATA_TRY(connect(spec));
    const backend::Fd output(::dup(STDOUT_FILENO));
    STRATA_ASSIGN(const backend::RunOutcome outcome, executor->run(spec, output));
    STRATA_TRY(backend::remove_tree(scratch));
    return outcome.signal != 0 ? 128 + outcome.signal : outcome.exit_code;
  }

 private:
  // What the command line wants otherwise.
  void change(backend::ProcessStart& process) const {
    for (const auto& [name, value] : options_.env) {
      std::erase_if(process.env, [&, key = name](const auto& pair) { return pair.first == key; });
      process.env.emplace_back(name, value);
    }
    const bool has_terminal_type =
        std::any_of(process.env.begin(), process.env.end(),
                    [](const auto& pair) { return pair.first == "TERM"; });
    if (options_.tty && !has_terminal_type) {
      const char* type = std::getenv("TERM");
      process.env.emplace_back("TERM", type != nullptr ? type : "xterm");
    }
    if (!options_.workdir.empty()) {
      process.cwd = options_.workdir;
    }
    if (!options_.user.empty()) {
      process.user = options_.user;
    }
  }

  // Nothing in the store stays for a failed step, so what it started from may be gone.
  Result<backend::ProcessRoot> root_of(const backend::ProcessStart& process) {
    auto root = backend::stored_root(*world_.store, process.trees);
    if (root || options_.step.empty()) {
      return root;
    }
    Error error = std::move(root).error();
    if (error.code == ErrorCode::Corrupt || error.code == ErrorCode::NotFound) {
      error = {ErrorCode::NotFound,
               fmt::format("step `{}`: {}; run the build again", options_.step, error.message)};
    }
    return error;
  }

  Result<void> add_volumes(backend::RunSpec& spec) const {
    for (const std::string& volume : options_.volumes) {
      STRATA_ASSIGN(backend::RunSpec::Bind bind, bind_of(volume));
      spec.binds.push_back(std::move(bind));
    }
    return {};
  }

  Result<void> connect(backend::RunSpec& spec) const {
    spec.terminal =
        options_.tty ? backend::RunSpec::Terminal::Inherit : backend::RunSpec::Terminal::Stdio;
    if (!options_.interactive && !options_.tty) {
      // As docker without -i: the process finds its input at its end.
      STRATA_ASSIGN(const backend::Fd nothing, backend::open_read("/dev/null"));
      ::dup2(nothing.get(), STDIN_FILENO);
    }
    return {};
  }

  const RunOptions& options_;
  World world_;
};

}  // namespace

ExitCode run_run(const RunOptions& options) {
  auto code = Run(options).run();
  return code ? static_cast<ExitCode>(*code) : report(code.error());
}

}  // namespace strata::driver
