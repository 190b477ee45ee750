#!/usr/bin/env bash
# Whatever of strata's own processes dies or hangs during a RUN: the build ends within two seconds, nothing of it is left,
# and the next build is right and removes the cgroups of those that were killed.
source "$(dirname "$0")/../support/lib.sh"
import_bases debian
mkdir "$work/context"
cd "$work/context"

# In milliseconds.
now() { date +%s%3N; }
our_cgroups() {
  find /sys/fs/cgroup -maxdepth 2 -name "$(printf 'strata-%x-%x-' $(stat -c '%d %i' "$STRATA_HOME"))*" 2>/dev/null || true
}
# begin MARK [OPTION…]: builds a RUN that waits; $pid is strata.
begin() {
  mark=$1
  shift
  printf 'FROM debian:bookworm-slim\nRUN echo started && sleep %s\n' "$mark" >Dockerfile
  # With job control, or SIGINT would be ignored.
  set -m
  "$STRATA" build --progress plain "$@" . >"$work/output" 2>&1 &
  pid=$!
  set +m
}
# running PATTERN: waits until a process with it in its command line is there.
running() {
  local deadline=$((SECONDS + 60))
  until pgrep -f -- "$1" >/dev/null; do
    kill -0 "$pid" 2>/dev/null || fail "the build ended before it was disturbed"
    ((SECONDS < deadline)) || fail "no \`$1\`"
    sleep 0.05
  done
}
child() { cut -d ' ' -f 1 "/proc/$1/task/$1/children"; }
# ended CODE: strata ends so, within two seconds from $begun on (a second more on a machine with other work).
ended() {
  local code=0
  wait "$pid" || code=$?
  local took=$(($(now) - begun))
  same "$code" "$1" "the exit code"
  ((took < 3000)) || fail "it took $took ms to end"
  nothing_left "$mark"
}

round=0
for victim in watcher executor holder; do
  round=$((round + 1))
  begin "41.$round"
  running "sleep 41.$round"
  watcher=$(child "$pid")
  executor=$(child "$watcher")
  holder=$(child "$executor")
  [[ ${!victim} -gt 1 ]] || fail "no $victim"
  begun=$(now)
  kill -9 "${!victim}"
  ended 7
  ok "the $victim is killed: exit 7, nothing left"
done

# The runtime starts the process, writes its pid file, and is killed.
cat >"$work/killed" <<'SCRIPT'
#!/bin/sh
case "$*" in
*--detach*) runc "$@"; kill -9 $$ ;;
*) exec runc "$@" ;;
esac
SCRIPT
cat >"$work/hangs" <<'SCRIPT'
#!/bin/sh
trap '' TERM INT
case "$*" in
*--detach*) setsid sleep 42.1 & sleep 42.2 ;;
*) exec runc "$@" ;;
esac
SCRIPT
cat >"$work/always" <<'SCRIPT'
#!/bin/sh
trap '' TERM INT
setsid sleep 42.1 & sleep 42.2
SCRIPT
chmod 755 "$work"/{killed,hangs,always}
begun=$(now)
begin 43.1 --runtime "$work/killed"
code=0
wait "$pid" || code=$?
same "$code" 7 "the exit code of a killed runtime"
says 'the OCI runtime was killed by signal 9'
nothing_left 43.1
ok "the runtime is killed after it started the process: exit 7, nothing left"

for runtime in hangs always; do
  begin 44.1 --runtime "$work/$runtime"
  running "sleep 42.2"
  begun=$(now)
  kill -INT "$pid"
  ended 130
  nothing_left "sleep 42."
  ok "a runtime that hangs ($runtime) is interrupted: exit 130, nothing left"
done

# A stopped executor does not keep strata from ending.
begin 45.1
running "sleep 45.1"
executor=$(child "$(child "$pid")")
kill -STOP "$executor"
begun=$(now)
kill -INT "$pid"
ended 130
ok "the executor is stopped, then SIGINT: exit 130, nothing left"

# Account files that a runtime would wait for.
for what in fifo device; do
  root=$work/base-$what
  mkdir -p "$root/etc" "$root/bin"
  cp "$(command -v busybox)" "$root/bin/sh"
  if [[ $what == fifo ]]; then mkfifo "$root/etc/passwd"; else mknod "$root/etc/group" c 1 5; fi
  tar -C "$root" -cf "$work/$what.tar" .
  quiet "$STRATA" import --name "example.com/$what:1" "$work/$what.tar"
  printf 'FROM example.com/%s:1\nRUN true\n' "$what" >Dockerfile
  expect_exit 2 timeout 20 "$STRATA" build --progress plain --offline .
  says 'not an account file' 'Dockerfile:2'
done
ok "a FIFO or device as account file: exit 2"

printf 'FROM debian:bookworm-slim\nRUN echo right > /right\n' >Dockerfile
quiet "$STRATA" build --progress plain -t right .
same "$("$STRATA" run right cat /right)" right "the image after all that"
quiet "$STRATA" doctor --fsck
same "$(our_cgroups)" "" "the cgroups of killed builds"
leftovers=$(find "$STRATA_HOME/tmp" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)
((leftovers == 0)) || fail "$leftovers entries left in tmp/ of the store"
ok "the next build is right, and nothing of the others is left"
