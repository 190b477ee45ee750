#!/usr/bin/env bash
# Installs the Debian packages that strata needs, and nothing when all are there.
# Use: install.sh GROUP…   with GROUP one of build, package, run, base, quickstart, test (all of them: test).
# Daemons that packages start on installation (docker, docker-registry) are kept from starting:
# the tests start their own.
set -euo pipefail

build_packages=(g++ cmake ninja-build ccache antlr4 libantlr4-runtime-dev libfmt-dev libssl-dev
  libarchive-dev libzstd-dev libdeflate-dev zlib1g-dev nlohmann-json3-dev libcurl4-openssl-dev
  libcli11-dev)
package_packages=(dpkg-dev libnghttp2-dev libssl-dev)
run_packages=(runc ca-certificates)
base_packages=(mmdebstrap python3 util-linux curl)
test_packages=(libgtest-dev libgmock-dev skopeo umoci oci-image-tool podman buildah docker-registry
  docker.io crun bzip2 xz-utils zstd jq attr tmux git clang-format clang-tidy python3-pip procps strace locales libcap2-bin busybox-static lintian)

packages_of() {
  case $1 in
    build) printf '%s\n' "${build_packages[@]}" ;;
    package) packages_of build && printf '%s\n' "${package_packages[@]}" ;;
    run) printf '%s\n' "${run_packages[@]}" ;;
    base) printf '%s\n' "${base_packages[@]}" ;;
    quickstart) packages_of build && packages_of run && packages_of base ;;
    test) packages_of quickstart && packages_of package && printf '%s\n' "${test_packages[@]}" ;;
    *) echo "install.sh: unknown group \`$1\`: build, package, run, base, quickstart or test" >&2 && return 2 ;;
  esac
}

wanted=$(for group in "${@:-test}"; do packages_of "$group"; done)
installed=$(dpkg-query -W -f='${binary:Package} ${db:Status-Status}\n' 2>/dev/null |
  sed -n 's/^\([^: ]*\)\(:[^ ]*\)\? installed$/\1/p')
missing=$(comm -23 <(sort -u <<<"$wanted") <(sort -u <<<"$installed"))
[[ -n $missing ]] || exit 0

as_root=()
if [[ $(id -u) != 0 ]]; then
  command -v sudo >/dev/null || { echo "install.sh: needs root or sudo to install:" $missing >&2; exit 7; }
  as_root=(sudo)
fi

echo "installing:" $missing
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  # Removed again whatever happens: it must not outlive the installation.
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Acquire::Retries=3 -o Dpkg::Use-Pty=0
  -o DPkg::Lock::Timeout=300)
log=$(mktemp)
# The lists may be old or absent; one update is cheap beside an installation.
"${apt[@]}" update >"$log" 2>&1 || { cat "$log" >&2; exit 5; }
# shellcheck disable=SC2086
if ! "${apt[@]}" install --no-install-recommends $missing >"$log" 2>&1; then
  tail -n 60 "$log" >&2
  echo "install.sh: apt-get could not install the packages above" >&2
  exit 5
fi
rm -f "$log"
