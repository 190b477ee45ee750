// Flags of `docker run` that mean nothing here, each with what to do instead.
#include "driver/command_line/docker_run_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace strata::driver {
namespace {

struct Pointer {
  std::string_view flag;
  char letter;  // 0: none
  std::string_view advice;
};

constexpr std::string_view kLimits =
    "a process has the limits of the shell that starts it: `ulimit`, or `systemd-run --scope -p "
    "MemoryMax=…`";
constexpr std::string_view kSandbox =
    "the sandbox is always the same one, docker's default; what needs another one is run by docker "
    "or podman: `strata build --load`, `strata push`";
constexpr std::string_view kNetwork =
    "the container shares the host's network and its names; `--network none` cuts it off";
constexpr std::string_view kLogs = "what the process prints goes to strata's own output";
constexpr std::string_view kLabels = "a container that leaves nothing behind has no labels";

constexpr std::array<Pointer, 47> kPointers = {{
    {"--detach", 'd',
     "there is no daemon that would keep it; run it in the background: `strata run … &`"},
    {"--restart", 0, "there is no daemon that would start it again; a service manager does"},
    {"--memory", 'm', kLimits},
    {"--memory-swap", 0, kLimits},
    {"--cpus", 0, kLimits},
    {"--cpu-shares", 'c', kLimits},
    {"--cpuset-cpus", 0, kLimits},
    {"--ulimit", 0, kLimits},
    {"--pids-limit", 0, kLimits},
    {"--shm-size", 0, "/dev/shm has 64 MiB; `--tmpfs TARGET:size=…` gives more elsewhere"},
    {"--privileged", 0, kSandbox},
    {"--cap-add", 0, kSandbox},
    {"--cap-drop", 0, kSandbox},
    {"--security-opt", 0, kSandbox},
    {"--device", 0, kSandbox},
    {"--gpus", 0, kSandbox},
    {"--group-add", 0, kSandbox},
    {"--userns", 0, kSandbox},
    {"--ipc", 0, kSandbox},
    {"--pid", 0, kSandbox},
    {"--uts", 0, kSandbox},
    {"--cgroupns", 0, kSandbox},
    {"--sysctl", 0, kSandbox},
    {"--init", 0, kSandbox},
    {"--isolation", 0, kSandbox},
    {"--publish-all", 'P', "every port is reachable: the container shares the host's network"},
    {"--expose", 0, "every port is reachable: the container shares the host's network"},
    {"--net", 0, kNetwork},
    {"--network-alias", 0, kNetwork},
    {"--link", 0, kNetwork},
    {"--add-host", 0, kNetwork},
    {"--dns", 0, kNetwork},
    {"--dns-search", 0, kNetwork},
    {"--ip", 0, kNetwork},
    {"--mac-address", 0, kNetwork},
    {"--mount", 0, "`-v SOURCE:TARGET[:ro]` mounts the host's files, `--tmpfs TARGET` memory"},
    {"--volumes-from", 0,
     "`-v SOURCE:TARGET[:ro]` mounts the host's files in as many containers as it is given to"},
    {"--volume-driver", 0, "`-v SOURCE:TARGET[:ro]` mounts the host's files"},
    {"--pull", 0, "an image that the store lacks is pulled; `strata pull` fetches the newest one"},
    {"--platform", 0,
     "`strata pull --platform` fetches an image for another one; only the host's can be run"},
    {"--label", 'l', kLabels},
    {"--label-file", 0, kLabels},
    {"--cidfile", 0, "a container has no id here; `--name` names it while it runs"},
    {"--log-driver", 0, kLogs},
    {"--attach", 'a', kLogs},
    {"--stop-signal", 0, "signals are handed on as they are: `kill -QUIT` of strata's process"},
    {"--sig-proxy", 0, "signals are always handed on"},
}};

// Letters of flags without a value, which may stand before others in one word.
constexpr std::string_view kSwitches = "it";

bool is_meant(const Pointer& pointer, std::string_view word) {
  if (word.starts_with("--")) {
    return word.substr(0, word.find('=')) == pointer.flag;
  }
  const std::size_t letter = word.find_first_not_of(kSwitches, 1);
  return pointer.letter != 0 && letter != std::string_view::npos && word[letter] == pointer.letter;
}

}  // namespace

std::string docker_flag_pointer(const std::vector<std::string>& words) {
  if (words.empty() || words.front().size() < 2 || words.front().front() != '-') {
    return "";
  }
  const auto* const found =
      std::find_if(kPointers.begin(), kPointers.end(),
                   [&](const Pointer& pointer) { return is_meant(pointer, words.front()); });
  return found == kPointers.end()
             ? std::string()
             : fmt::format("run has no `{}`: {}", words.front().substr(0, words.front().find('=')),
                           found->advice);
}

}  // namespace strata::driver
