#!/usr/bin/env bash
# A signal while strata writes its outputs, or waits for somebody: soon 128 and the signal's number, nothing half-made
# beside a destination, no process left.
source "$(dirname "$0")/../support/lib.sh"
mkdir "$work/context" "$work/out"
cd "$work/context"
head -c 60000000 /dev/urandom >large
for i in {1..300}; do echo "$i" >"file-$i"; done
printf 'FROM scratch\nCOPY . /\nCMD ["/large"]\n' >Dockerfile
quiet "$STRATA" build -q -t large:1 .

# stopped SIGNAL WHAT: the command in $pid ends with its code, and soon (a loaded machine's two seconds).
stopped() {
  local code=0 want=0 before=${EPOCHREALTIME/./}
  case $1 in
    INT) want=130 ;;
    TERM) want=143 ;;
    HUP) want=129 ;;
  esac
  kill "-$1" "$pid"
  local deadline=$((SECONDS + 20))
  while kill -0 "$pid" 2>/dev/null; do
    ((SECONDS < deadline)) || fail "$2 did not end after SIG$1"
    sleep 0.05
  done
  wait "$pid" || code=$?
  same "$code" "$want" "the exit code of $2 after SIG$1"
  local took=$((${EPOCHREALTIME/./} - before))
  ((took < 4000000)) || fail "$2 ended $took microseconds after SIG$1"
  no_remains "$2"
}
no_remains() {
  local remains
  remains=$(find "$work/out" -name '.strata*' -o -name '*.strata-*')
  [[ -z $remains ]] || fail "$1 left $remains"
}
# begun CONDITION: waits until the command in $pid is where its signal is to find it.
begun() {
  local deadline=$((SECONDS + 30))
  until eval "$1"; do
    kill -0 "$pid" 2>/dev/null || fail "it ended before the signal: $1"
    ((SECONDS < deadline)) || fail "it did not begin: $1"
    sleep 0.05
  done
}
# It heeds SIGINT and waits for something.
sleeping() {
  local caught
  caught=$(sed -n 's/^SigCgt:\s*//p' "/proc/$pid/status" 2>/dev/null)
  ((0x${caught:-0} & 2)) && grep -q '^State:\sS' "/proc/$pid/status" 2>/dev/null
}

mkfifo "$work/out/pipe"
for signal in INT TERM HUP; do
  "$STRATA" export large:1 -o "type=tar,dest=$work/out/pipe" >"$work/output" 2>&1 &
  pid=$!
  begun sleeping
  stopped "$signal" "an export to a pipe that nobody reads"
done
says '^strata: interrupted$'
# Of two signals the first one counts.
"$STRATA" export large:1 -o "type=tar,dest=$work/out/pipe" >"$work/output" 2>&1 &
pid=$!
begun sleeping
kill -TERM "$pid"
# Two that are pending at once are taken in any order.
while ((0x$(sed -n 's/^ShdPnd:\s*//p' "/proc/$pid/status" 2>/dev/null || echo 0) & 0x4000)); do :; done
kill -INT "$pid" 2>/dev/null || true
code=0
wait "$pid" || code=$?
same "$code" 143 "the exit code after SIGTERM and SIGINT"
[[ -p $work/out/pipe ]] || fail "the pipe was replaced"
exec 7<>"$work/out/pipe"
# What an earlier command wrote is still in the pipe: only one that sleeps heeds the signal already.
for type in tar oci-archive docker; do
  "$STRATA" export large:1 -o "type=$type,dest=$work/out/pipe" >"$work/output" 2>&1 &
  pid=$!
  begun 'read -t 0 -u 7 && sleeping'
  stopped INT "an export to a pipe that is full"
done
"$STRATA" build -q -o - . >"$work/out/pipe" 2>"$work/output" &
pid=$!
begun 'read -t 0 -u 7 && sleeping'
stopped INT "a tar on standard output that nobody takes"
exec 7<&-
ok "archives to pipes"

mkdir "$work/out/layout"
flock "$work/out/layout" sleep 50 &
holder=$!
at_exit "pkill -P $holder 2>/dev/null; kill $holder 2>/dev/null"
while flock -n "$work/out/layout" true; do sleep 0.05; done
"$STRATA" export large:1 -o "type=oci,dest=$work/out/layout" >"$work/output" 2>&1 &
pid=$!
begun sleeping
stopped INT "an export to a layout that another writes"
pkill -P "$holder"
ok "a layout that is locked"

mkfifo "$work/input"
exec 7<>"$work/input"
for command in "dump ir -" "build -f - ." "plan -f - ." "key -f - ." "opt -"; do
  # shellcheck disable=SC2086
  "$STRATA" $command <"$work/input" >"$work/output" 2>&1 &
  pid=$!
  begun sleeping
  stopped INT "strata $command, waiting for its input"
done
exec 7<&-
ok "standard input that does not come"

# A loader that does not end, as docker may.
mkdir "$work/bin"
printf '#!/bin/sh\necho loading; touch %s/loading; exec sleep 71.5\n' "$work" >"$work/bin/docker"
chmod +x "$work/bin/docker"
PATH=$work/bin:$PATH "$STRATA" build -q --load -t large:1 . >"$work/answer" 2>"$work/output" &
pid=$!
begun '[[ -e $work/loading ]]'
stopped INT "a build whose image is loaded"
nothing_left 'sleep 71[.]5'
same "$(<"$work/answer")" "" "what a loader says is no answer"
ok "a loader that hangs"

# A caller may have ignored SIGCHLD: the loader's end is seen all the same, and so is a RUN's.
cat >"$work/ignoring.py" <<'PYTHON'
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])
PYTHON
printf '#!/bin/sh\nexit 3\n' >"$work/bin/docker"
cp "$work/bin/docker" "$work/bin/podman"
expect_exit 7 env PATH="$work/bin:$PATH" timeout 60 python3 "$work/ignoring.py" "$STRATA" build -q --load -t large:1 .
says 'load. failed'
ok "children of a process that was told to ignore them"

# Progress that nobody reads.
mkdir "$work/many"
mkfifo "$work/progress"
exec 7<>"$work/progress"
{
  echo 'FROM scratch AS s0'
  for i in {1..600}; do printf 'EXPOSE 127.0.0.1:%d:%d\n' "$i" "$i"; done
} >"$work/many/Dockerfile"
"$STRATA" build -q "$work/many" >/dev/null 2>"$work/progress" &
pid=$!
begun 'read -t 0 -u 7 && sleeping'
sleep 0.5
stopped INT "messages that nobody reads"
exec 7<&-
ok "a reader of messages who does not read"

# A credential helper that has answered, or not, and does not end.
cat >"$work/refuses.py" <<'PYTHON'
import http.server, sys
class Refuses(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_HEAD = do_GET
    def log_message(self, *words):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
python3 "$work/refuses.py" >"$work/port" &
server=$!
at_exit "kill $server 2>/dev/null"
until [[ -s $work/port ]]; do sleep 0.05; done
port=$(<"$work/port")
echo '{"credHelpers":{"127.0.0.1:'"$port"'":"stays"}}' >"$DOCKER_CONFIG/config.json"
printf '#!/bin/sh\nexec <&- >&-\ntouch %s/asked\nexec sleep 72.5\n' "$work" >"$work/bin/docker-credential-stays"
chmod +x "$work/bin/docker-credential-stays"
PATH=$work/bin:$PATH "$STRATA" pull "127.0.0.1:$port/a" >"$work/output" 2>&1 &
pid=$!
begun '[[ -e $work/asked ]]'
sleep 0.3
stopped INT "a pull whose credential helper stays"
kill "$server"
wait "$server" 2>/dev/null || true
nothing_left 'sleep 72[.]5'
echo '{}' >"$DOCKER_CONFIG/config.json"
ok "a credential helper that stays"

# At any moment of an output: whole or not there.
for type in local tar oci oci-archive; do
  for delay in 0.02 0.08 0.15 0.3; do
    rm -rf "$work/out/$type"
    code=0
    "$STRATA" export large:1 -o "type=$type,dest=$work/out/$type" >"$work/output" 2>&1 &
    pid=$!
    sleep "$delay"
    kill -INT "$pid" 2>/dev/null || true
    wait "$pid" || code=$?
    [[ $code == 130 || $code == 0 ]] || fail "exit $code of an export to $type"
    [[ $code == 0 || $type != oci || ! -e $work/out/oci/blobs || -n $(find "$work/out/oci/blobs" -type f) ]] || fail "an empty layout"
    [[ $code == 0 || $type == oci || ! -e $work/out/$type ]] || [[ $type != local ]] || diff -r "$work/out/local" "$work/context" >/dev/null ||
      fail "a part of an output"
    no_remains "an export to $type after $delay s"
  done
  quiet "$STRATA" export large:1 -o "type=$type,dest=$work/out/$type"
done
cmp "$work/out/local/large" large || fail "the output after interruptions"
ok "outputs are whole or not there"

# nohup: the terminal may go.
(
  trap '' HUP
  exec "$STRATA" export large:1 -o "type=tar,dest=$work/out/kept"
) >"$work/output" 2>&1 &
pid=$!
sleep 0.1
kill -HUP "$pid" 2>/dev/null || true
wait "$pid" || fail "SIGHUP ended what nohup started"
[[ -s $work/out/kept ]] || fail "no output under nohup"
ok "nohup"
