// Options that people know from other tools, by what they mean here.
#include <array>
#include <string_view>

#include "driver/command_line/advice.h"

namespace strata::driver {
namespace {

struct Synonym {
  std::string_view flag;
  // An option, or a sentence.
  std::string_view meaning;
};

constexpr std::string_view kAlways = "strata always does that";
constexpr std::string_view kNoCaches =
    "shared caches are not supported yet; $STRATA_HOME keeps each step";
constexpr std::string_view kNoSecrets = "secrets and SSH agents in a RUN are not supported yet";
constexpr std::string_view kNoLimits = "a RUN has the limits that strata itself was started with";
constexpr std::string_view kNoAttestations = "attestations are not supported yet";
constexpr std::string_view kHttp = "a registry on localhost may speak plain http";
constexpr std::string_view kCredentials =
    "credentials come from the docker config ($DOCKER_CONFIG)";
constexpr std::string_view kStore = "$STRATA_HOME is the store's place";

// Of build, plan and key.
constexpr std::array kBuild = {
    // docker, buildx
    Synonym{"--add-host", "a RUN has the names of the host's /etc/hosts"},
    Synonym{"--allow", "a build has no entitlements to give"},
    Synonym{"--annotation", "annotations are not supported yet"},
    Synonym{"--attest", kNoAttestations},
    Synonym{"--builder", "there is no builder to choose: strata builds in this process"},
    Synonym{"--cache-from", kNoCaches},
    Synonym{"--cache-to", kNoCaches},
    Synonym{"--call", "`strata plan` checks a file without building it"},
    Synonym{"--check", "`strata plan` checks a file without building it"},
    Synonym{"--cpu-quota", kNoLimits},
    Synonym{"--cpus", kNoLimits},
    Synonym{"--cpuset-cpus", kNoLimits},
    Synonym{"--dry-run", "`strata plan` says what a build would run"},
    Synonym{"--force-rm", "nothing is left behind of a RUN"},
    Synonym{"--label", "write a LABEL in the file"},
    Synonym{"--memory", kNoLimits},
    Synonym{"--name", "--tag"},
    Synonym{"--network", "a RUN has the host's network"},
    Synonym{"--no-cache-filter", "--no-cache"},
    Synonym{"--provenance", kNoAttestations},
    Synonym{"--rm", "nothing is left behind of a RUN"},
    Synonym{"--sbom", kNoAttestations},
    Synonym{"--secret", kNoSecrets},
    Synonym{"--shm-size", kNoLimits},
    Synonym{"--squash", "`-o type=tar` is the image's files in one"},
    Synonym{"--ssh", kNoSecrets},
    Synonym{"--stage", "--target"},
    Synonym{"--ulimit", kNoLimits},
    // podman, buildah
    Synonym{"--arch", "--platform"},
    Synonym{"--authfile", kCredentials},
    Synonym{"--creds", kCredentials},
    Synonym{"--env", "write an ENV in the file, or give a --build-arg"},
    Synonym{"--format", "images are always OCI's; -o type=docker is an archive for docker"},
    Synonym{"--layers", kAlways},
    Synonym{"--logfile", "--progress"},
    Synonym{"--os", "--platform"},
    Synonym{"--root", kStore},
    Synonym{"--storage-driver", kStore},
    Synonym{"--timestamp", "--source-date-epoch"},
    Synonym{"--tls-verify", kHttp},
    // kaniko
    Synonym{"--cache", "the cache is always on; --no-cache runs every step"},
    Synonym{"--cache-dir", kStore},
    Synonym{"--cache-repo", kNoCaches},
    Synonym{"--context", "the context is an argument: `strata build DIRECTORY`"},
    Synonym{"--custom-platform", "--platform"},
    Synonym{"--customPlatform", "--platform"},
    Synonym{"--destination", "--tag"},
    Synonym{"--dockerfile", "--file"},
    Synonym{"--image-name-with-digest-file", "--metadata-file"},
    Synonym{"--insecure", kHttp},
    Synonym{"--no-push", "an image is pushed only with --push"},
    Synonym{"--registry-mirror", "$STRATA_REGISTRY_MIRROR names mirrors: docker.io=HOST"},
    Synonym{"--reproducible", kAlways},
    Synonym{"--rewrite-timestamp", kAlways},
    Synonym{"--single-snapshot", "`-o type=tar` is the image's files in one"},
    Synonym{"--skip-tls-verify", kHttp},
    Synonym{"--tar-path", "`-o type=docker,dest=FILE` writes an archive"},
    Synonym{"--tarPath", "`-o type=docker,dest=FILE` writes an archive"},
    Synonym{"--verbosity", "--progress"},
    // make and its like
    Synonym{"--parallel", "--jobs"},
    Synonym{"--threads", "--jobs"},
    Synonym{"--verbose", "--progress"},
};

constexpr std::array kOthers = {
    Synonym{"--all", "--keep-bytes"},
    Synonym{"--filter", "--keep-days"},
    Synonym{"--input", "the file is an argument"},
    Synonym{"--output", "--format"},
    Synonym{"--storage", "--keep-bytes"},
    Synonym{"--until", "--keep-days"},
};

}  // namespace

std::string same_meaning(const std::string& command, const std::string& flag) {
  const auto find = [&](const auto& table) -> std::string {
    for (const Synonym& synonym : table) {
      if (synonym.flag == flag) {
        return std::string(synonym.meaning);
      }
    }
    return "";
  };
  return command == "build" || command == "plan" || command == "key" ? find(kBuild) : find(kOthers);
}

}  // namespace strata::driver
