#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. Needs a Debian 12 with root or sudo.
# Use: tests/run.sh [--all] [ctest options…]
#   --all   with clang-tidy and the unit tests under sanitizers too (half an hour when nothing is cached)
# ctest runs last, so that its closing lines are the last output.
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ $(id -u) != 0 ]]; then
  exec sudo -E bash "$0" "$@"
fi
all=no
if [[ ${1:-} == --all ]]; then
  all=yes
  shift
fi
# A terminal's or a caller's settings must not decide what is tested.
unset STRATA_HOME STRATA_RUNTIME SOURCE_DATE_EPOCH DOCKER_CONFIG
export CCACHE_DIR=${CCACHE_DIR:-${HOME:-/root}/.cache/ccache}
# Two checkouts of one text share what is compiled.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
jobs=$(nproc)

section() { printf '\n=== %s  [%ds]\n' "$1" "$SECONDS"; }

section "packages"
tests/support/install.sh test

section "base images"
tests/support/bases.sh

section "debug build"
cmake --preset debug >/dev/null
cmake --build --preset debug -j "$jobs" -- --quiet

# What users get: gcc sees more when it optimizes.
section "release build"
cmake --preset release -DSTRATA_TESTS=OFF >/dev/null
cmake --build --preset release -j "$jobs" -- --quiet

# The same compilation, linked otherwise.
section "packages to install"
cmake --preset package -DSTRATA_STATIC_PREFIX="$(tests/support/bases.sh)/static" >/dev/null
cmake --build --preset package -j "$jobs" --target package wheel -- --quiet

section "clang-format"
git ls-files -z -- '*.cpp' '*.h' | xargs -0 clang-format --dry-run --Werror

if [[ $all == yes ]]; then
  section "clang-tidy"
  tests/support/tidy.sh build/debug

  section "unit tests under AddressSanitizer and UBSan"
  cmake --preset sanitize >/dev/null
  cmake --build --preset sanitize -j "$jobs" -- --quiet
  log=build/sanitize/ctest.log
  if ! ctest --preset sanitize -L unit -j "$jobs" >"$log" 2>&1; then
    tail -n 200 "$log"
    echo "tests/run.sh: the unit tests failed under the sanitizers" >&2
    exit 1
  fi
  grep -E 'tests passed' "$log"
fi

section "tests"
ctest --preset debug -j "$jobs" "$@"
