# What the integration tests share; sourced. Expects STRATA, the binary under test.
# Gives: $work, a directory removed at exit; $STRATA_HOME in it; and the functions below.
set -euo pipefail
support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${STRATA:?the path of the strata binary}"
STRATA=$(readlink -f "$STRATA")
if [[ $(id -u) != 0 ]]; then
  echo "needs root" >&2
  exit 1
fi
unset STRATA_RUNTIME SOURCE_DATE_EPOCH DOCKER_CONFIG
umask 022
test_name=$(basename "$0" .sh)
# Under /var/tmp: a tmpfs on /tmp would hide what differs between file systems.
work=$(mktemp -d "${STRATA_TEST_TMP:-/var/tmp}/strata-$test_name.XXXXXX")
# podman takes the path of a layout for a repository name, and wants it in lower case.
mv "$work" "${work,,}-$$"
work=${work,,}-$$
chmod 755 "$work"
export STRATA_HOME=$work/store
# No test may read or change this machine's docker configuration.
export DOCKER_CONFIG=$work/docker
mkdir -p "$DOCKER_CONFIG"
echo "{}" >"$DOCKER_CONFIG/config.json"
cleanups=()

finish() {
  local status=$?
  set +e
  local i
  for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do
    eval "${cleanups[i]}"
  done
  if [[ -n ${STRATA_TEST_KEEP:-} ]]; then
    echo "kept: $work"
  else
    local mounts
    mapfile -t mounts < <(awk -v w="$work/" 'index($5, w) == 1 {print $5}' /proc/self/mountinfo | sort -r)
    [[ ${#mounts[@]} == 0 ]] || umount -l "${mounts[@]}"
    chattr -R -i "$work" 2>/dev/null
    rm -rf "$work"
  fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM
# What cleans up when the test ends, last first.
at_exit() { cleanups+=("$1"); }

ok() { printf 'ok: %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [[ ! -s $work/output ]] || { echo "--- last output:" >&2; tail -n 40 "$work/output" >&2; }
  exit 1
}
same() { [[ $1 == "$2" ]] || fail "$3: \`$1\` is not \`$2\`"; }
differ() { [[ $1 != "$2" ]] || fail "$3: both are \`$1\`"; }

# quiet COMMAND…: succeeds, or shows what it said. Its output is in $work/output.
quiet() { "$@" >"$work/output" 2>&1 || fail "exit $? of: $*"; }
# expect_exit CODE COMMAND…: ends with exactly that code. Its output is in $work/output.
expect_exit() {
  local want=$1 got=0
  shift
  "$@" >"$work/output" 2>&1 || got=$?
  [[ $got == "$want" ]] || fail "exit $got, not $want, of: $*"
}
# says PATTERN…: the last output matches each extended regular expression.
says() {
  local pattern
  for pattern in "$@"; do
    grep -Eq -e "$pattern" "$work/output" || fail "the output does not say \`$pattern\`"
  done
}

# The bases, imported under their Docker Hub names: import_bases [debian] [python].
import_bases() {
  local base cache
  # Once a test: what follows may have a strange environment.
  [[ -n ${bases_made:-} ]] || bases_made=$("$support/bases.sh")
  cache=$bases_made
  for base in "${@:-debian}"; do
    case $base in
      debian) quiet "$STRATA" import --name docker.io/library/debian:bookworm-slim "$cache/debian-bookworm-slim.oci.tar" ;;
      python) quiet "$STRATA" import --name docker.io/library/python:3.11-slim-bookworm "$cache/python-3.11-slim-bookworm.oci.tar" ;;
    esac
  done
}

# Processes that have to do with this test's directory: id and command. What looks for them runs there too, and is gone
# when they are listed.
our_processes() {
  local found pid command
  found=$({
    find /proc/[0-9]*/root /proc/[0-9]*/cwd -maxdepth 0 -lname "$work/*" -printf '%h\n'
    grep -alF -f - /proc/[0-9]*/cmdline <<<"$work/store"
  } 2>/dev/null | cut -d / -f 3 | sort -u) || true
  while read -r pid; do
    [[ -n $pid && $pid != "$$" && $pid != "$BASHPID" ]] || continue
    command=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || continue
    [[ -z $command ]] || echo "$pid $command"
  done <<<"$found"
}
our_mounts() { grep -F "$work/" /proc/self/mountinfo || true; }
# Within ten seconds no process and no mount of this test's store is left. MARK, if given, is a word
# that the commands of the test's RUN have in their command line.
nothing_left() {
  local deadline=$((SECONDS + 10)) processes mounts
  while :; do
    processes=$(our_processes)
    [[ -z ${1:-} ]] || processes+=$(pgrep -af -- "$1" || true)
    mounts=$(our_mounts)
    [[ -n $processes || -n $mounts ]] || return 0
    ((SECONDS < deadline)) || fail "left behind: $processes $mounts"
    sleep 0.2
  done
}
# What a failed build must leave alone: the published names.
published() { find "$STRATA_HOME/refs" -type f -printf '%P\n' 2>/dev/null | sort; }
