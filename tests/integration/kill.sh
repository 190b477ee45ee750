#!/usr/bin/env bash
# However strata ends during a RUN, no process and no mount is left, nothing is published, and the
# next build is right.
source "$(dirname "$0")/../support/lib.sh"
import_bases debian
mkdir "$work/context"
cd "$work/context"
# Each build has its own mark, which its processes carry in their command line.
dockerfile() {
  cat >Dockerfile <<DOCKERFILE
FROM debian:bookworm-slim
RUN echo before > /before
RUN echo started > /started && (setsid sh -c 'trap "" TERM INT HUP; while :; do sleep 31.$1; done' &) ; \
    while [ ! -e /go ]; do $2; done
COPY Dockerfile /after
DOCKERFILE
}
# The same image, without the wait.
finished() {
  sed 's/while \[ .*/true/; s/(setsid.*; \\/ \\/' Dockerfile >"$work/Dockerfile.finished"
}
started() {
  local deadline=$((SECONDS + 60))
  until pgrep -f "sleep 31.$1" >/dev/null; do
    kill -0 "$2" 2>/dev/null || fail "the build ended before it was killed"
    ((SECONDS < deadline)) || fail "the RUN did not start"
    sleep 0.1
  done
}

before=$(published)
for round in 1 2 3; do
  dockerfile "10$round" "sleep 31.10$round"
  "$STRATA" build --progress plain -t "killed:$round" -o "type=oci,dest=$work/layout" . >"$work/output" 2>&1 &
  pid=$!
  started "10$round" "$pid"
  kill -9 "$pid"
  wait "$pid" 2>/dev/null || true
  nothing_left "31.10$round"
  same "$(published)" "$before" "the names after kill -9"
  [[ ! -e $work/layout/index.json ]] || fail "a layout was published"
done
ok "kill -9 in a RUN: nothing left"

# The step that was done is not done again; the killed one is, and the image is right.
finished
quiet "$STRATA" build --progress plain -f "$work/Dockerfile.finished" -t finished -o "type=oci,dest=$work/layout" .
same "$("$STRATA" run finished cat /before /started | tr '\n' ' ')" "before started " "the image after a kill"
quiet "$STRATA" doctor --fsck
ok "the next build is right"
leftovers=$(find "$STRATA_HOME/tmp" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)
((leftovers == 0)) || fail "$leftovers entries left in tmp/ of the store"
ok "the next build cleaned the scratch space"

# in_group ARGUMENT…: starts strata as a shell with job control does, in a process group of its own
# that $pid names, with SIGINT not ignored.
in_group() {
  set -m
  "$STRATA" "$@" >"$work/output" 2>&1 &
  pid=$!
  set +m
}

# kill -9 of everything in the process group at once.
dockerfile 201 "sleep 31.201"
in_group build --progress plain -t killed:group .
started 201 "$pid"
kill -9 -- "-$pid"
wait "$pid" 2>/dev/null || true
nothing_left "31.201"
ok "kill -9 of the process group: nothing left"

# Ctrl-C: the terminal's signal to the foreground process group.
for signal in INT TERM; do
  want=130
  [[ $signal == INT ]] || want=143
  dockerfile 30 "sleep 31.30"
  in_group build --progress plain -t interrupted .
  started 30 "$pid"
  kill "-$signal" -- "-$pid"
  code=0
  wait "$pid" || code=$?
  same "$code" "$want" "the exit code after SIG$signal"
  says 'interrupted'
  nothing_left "31.30"
  same "$(published)" "$(printf '%s\n' "$before" "$(published | grep finished)" | sort)" "the names after SIG$signal"
done
ok "SIGINT and SIGTERM: exit 130 and 143, nothing left"

# In a terminal, with the live view.
dockerfile 401 "sleep 31.401"
tmux -L "strata-$$" -f /dev/null new-session -d -x 100 -y 30 "cd '$work/context' && STRATA_HOME='$STRATA_HOME' '$STRATA' build -t interrupted . ; echo code=\$? > '$work/code'; sleep 5"
at_exit "tmux -L strata-$$ kill-server 2>/dev/null"
deadline=$((SECONDS + 60))
until pgrep -f "sleep 31.401" >/dev/null; do
  ((SECONDS < deadline)) || fail "the RUN did not start in the terminal: $(tmux -L "strata-$$" capture-pane -p)"
  sleep 0.1
done
tmux -L "strata-$$" capture-pane -p >"$work/output"
says 'echo started'
tmux -L "strata-$$" send-keys C-c
until [[ -e $work/code ]]; do
  ((SECONDS < deadline)) || fail "Ctrl-C did not end the build"
  sleep 0.1
done
same "$(<"$work/code")" "code=130" "the exit code after Ctrl-C"
nothing_left "31.401"
ok "Ctrl-C in a terminal: exit 130, nothing left"

quiet "$STRATA" build --progress plain -f "$work/Dockerfile.finished" -t again --no-cache .
same "$("$STRATA" run again cat /before /started | tr '\n' ' ')" "before started " "the image in the end"
ok "the last build is right"
