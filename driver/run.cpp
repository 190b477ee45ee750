// strata run: an image, or a step of a build, as a process.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "backend/build/process.h"
#include "backend/system/files.h"
#include "backend/system/interrupt.h"
#include "driver/commands.h"
#include "driver/docker_proxies.h"
#include "driver/process_name.h"
#include "driver/published_ports.h"
#include "driver/run_start.h"
#include "driver/run_values.h"
#include "driver/signal_forwarder.h"
#include "driver/signals.h"

namespace strata::driver {
namespace {

class Run {
 public:
  explicit Run(const RunOptions& options) : options_(options) {}

  Result<int> run() {
    STRATA_TRY(read_flags());
    STRATA_ASSIGN(world_, World::open(1));
    STRATA_ASSIGN(const auto executor, start_executor(world_, options_.runtime));
    backend::Fd name;
    if (!options_.name.empty()) {
      STRATA_ASSIGN(name, take_name(*world_.store, options_.name));
    }
    STRATA_ASSIGN(backend::RunSpec spec, prepared(*executor));
    STRATA_ASSIGN(const auto proxy, publish(ports_));
    STRATA_TRY(connect(spec));
    const backend::Fd output(::dup(STDOUT_FILENO));
    const SignalForwarder signals(*executor);
    STRATA_ASSIGN(const backend::RunOutcome outcome, executor->run(spec, output));
    STRATA_TRY(backend::remove_tree(spec.scratch));
    return outcome.signal != 0 ? 128 + outcome.signal : outcome.exit_code;
  }

 private:
  // Before anything is looked up or pulled.
  Result<void> read_flags() {
    for (const std::string& path : options_.env_files) {
      STRATA_ASSIGN(const ir::Pairs variables, variables_of_file(path));
      env_.insert(env_.end(), variables.begin(), variables.end());
    }
    env_.insert(env_.end(), options_.env.begin(), options_.env.end());
    for (const std::string& text : options_.volumes) {
      STRATA_ASSIGN(backend::RunSpec::Bind bind, bind_of(text));
      binds_.push_back(std::move(bind));
    }
    for (const std::string& text : options_.tmpfs) {
      STRATA_ASSIGN(backend::RunSpec::Tmpfs tmpfs, tmpfs_of(text));
      tmpfs_.push_back(std::move(tmpfs));
    }
    for (const std::string& text : options_.ports) {
      STRATA_ASSIGN(const std::vector<PublishedPort> ports, ports_of(text));
      ports_.insert(ports_.end(), ports.begin(), ports.end());
    }
    return {};
  }

  // A signal ends this; what runs gets it later.
  Result<backend::RunSpec> prepared(backend::Executor& executor) {
    const InterruptWatch interrupts([&] {
      world_.http->cancel();
      executor.cancel();
    });
    STRATA_ASSIGN(RunStart start, options_.step.empty() ? image_start(world_, options_)
                                                        : step_start(*world_.store, options_));
    change(start.process);
    if (!ports_.empty() && start.process.network == "none") {
      return Error{ErrorCode::Input, "-p: without a network (`none`) no port can be reached"};
    }
    STRATA_TRY(add_docker_proxies(start.process.env));
    STRATA_ASSIGN(const backend::ProcessRoot root, root_of(start.process));
    STRATA_ASSIGN(const std::string scratch, world_.store->new_scratch("run"));
    STRATA_ASSIGN(backend::RunSpec spec, backend::run_spec_of(start.process, root, scratch));
    spec.binds.insert(spec.binds.end(), start.binds.begin(), start.binds.end());
    spec.binds.insert(spec.binds.end(), binds_.begin(), binds_.end());
    spec.tmpfs = tmpfs_;
    spec.read_only = options_.read_only;
    return spec;
  }

  // What the command line wants otherwise.
  void change(backend::ProcessStart& process) const {
    for (const auto& [name, value] : env_) {
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
    if (!options_.hostname.empty()) {
      process.hostname = options_.hostname;
    }
    if (!options_.network.empty()) {
      process.network = options_.network;
    }
  }

  // Nothing in the store stays for a step that failed, and gc collects what others started from.
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
  ir::Pairs env_;
  std::vector<backend::RunSpec::Bind> binds_;
  std::vector<backend::RunSpec::Tmpfs> tmpfs_;
  std::vector<PublishedPort> ports_;
};

}  // namespace

ExitCode run_run(const RunOptions& options) {
  auto code = Run(options).run();
  if (code) {
    return static_cast<ExitCode>(*code);
  }
  // The codes of other commands may be the process's own.
  const ExitCode failed = report(code.error());
  return backend::interrupted() || failed == ExitCode::Interrupted ? failed : ExitCode::NotStarted;
}

}  // namespace strata::driver
