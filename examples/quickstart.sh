#!/usr/bin/env bash
# strata's main job on real input, from nothing but a Debian 12 with root or sudo:
# installs what it needs, builds strata, compiles a Dockerfile and a spec file into images, runs
# them, and shows that a second build has nothing to do. Stops with an error at any deviation.
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ $(id -u) != 0 ]]; then
  exec sudo -E bash "$0" "$@"
fi
unset STRATA_RUNTIME SOURCE_DATE_EPOCH

# A store of its own, empty: the first build must do everything.
work=$PWD/build/quickstart
rm -rf "$work"
mkdir -p "$work"
export STRATA_HOME=$work/store

section() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
show() { printf '\033[2m$ %s\033[0m\n' "$*"; "$@"; }
fail() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }
[[ -t 1 ]] || { section() { printf '\n== %s\n' "$*"; }; show() { printf '$ %s\n' "$*"; "$@"; }; }

section "Packages"
tests/support/install.sh quickstart
echo "all there"

section "A release binary"
cmake --preset release -DSTRATA_TESTS=OFF >/dev/null
cmake --build --preset release --target strata -j "$(nproc)" -- --quiet
strata=$PWD/build/release/driver/strata
show "$strata" version
show "$strata" doctor

section "Base images"
debian=docker.io/library/debian:bookworm-slim
python=docker.io/library/python:3.11-slim-bookworm
if timeout 120 "$strata" pull "$debian" >"$work/pull.log" 2>&1 &&
  timeout 300 "$strata" pull "$python" >>"$work/pull.log" 2>&1; then
  echo "pulled $debian and $python"
else
  echo "Docker Hub does not answer: making both from this machine's package sources"
  bases=$(tests/support/bases.sh)
  show "$strata" import --name "$debian" "$bases/debian-bookworm-slim.oci.tar"
  show "$strata" import --name "$python" "$bases/python-3.11-slim-bookworm.oci.tar"
fi

# statuses FILE: the words of a plan's steps that make files, sorted, each once.
statuses() {
  python3 - "$1" <<'PYTHON'
import json, sys
steps = json.load(open(sys.argv[1]))["steps"]
print(" ".join(sorted({s["status"] for s in steps if s["op"] in ("exec", "copy", "merge", "mkdir")})))
PYTHON
}

# example NAME INPUT…: plan, build, run, plan, build again.
example() {
  local name=$1 image=quickstart/$1:latest found code
  shift
  section "$name: the plan before the first build"
  show "$strata" plan "$@"
  "$strata" plan --format json "$@" >"$work/$name.plan"
  found=$(statuses "$work/$name.plan")
  [[ $found != *hit* && -n $found ]] || fail "the first plan of $name has hits: $found"
  code=0
  "$strata" plan --detailed-exitcode "$@" >/dev/null || code=$?
  [[ $code == 10 ]] || fail "plan --detailed-exitcode of $name ended with $code, not 10 (work pending)"

  section "$name: build"
  show "$strata" build --progress plain -t "$image" --digest-file "$work/$name.first" "$@"

  section "$name: run"
  show "$strata" run "$image" >"$work/$name.run"
  cat "$work/$name.run"
  sed 1d "$work/$name.run" >"$work/$name.output"
  diff "examples/$name/expected" "$work/$name.output" || fail "$name printed something else"

  section "$name: the plan before the second build"
  show "$strata" plan "$@"
  "$strata" plan --format json "$@" >"$work/$name.plan"
  found=$(statuses "$work/$name.plan")
  [[ $found == hit ]] || fail "the second plan of $name is not all hits: $found"
  "$strata" plan --detailed-exitcode "$@" >/dev/null || fail "plan --detailed-exitcode of $name sees work pending"

  section "$name: build again"
  show "$strata" build --progress plain -t "$image" --digest-file "$work/$name.second" "$@"
  echo "first  $(<"$work/$name.first")"
  echo "second $(<"$work/$name.second")"
  cmp -s "$work/$name.first" "$work/$name.second" || fail "the digest of $name changed"
}

example hello-c examples/hello-c
example api -f examples/api/image.strata examples/api

section "Done"
echo "hello-c $(<"$work/hello-c.first")"
echo "api     $(<"$work/api.first")"
echo "Both digests are unchanged after the second build, which ran nothing."
