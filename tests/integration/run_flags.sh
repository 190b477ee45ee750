#!/usr/bin/env bash
# strata run with docker's flags: what the process sees, its ports, its signals, its exit code, and
# that nothing is left however it ends.
source "$(dirname "$0")/../support/lib.sh"
import_bases python
python=docker.io/library/python:3.11-slim-bookworm
mkdir "$work/context" "$work/host"
cd "$work/context"
run() { "$STRATA" run "$@"; }

# Environment: the image's, then files in order, then -e; a name alone takes the caller's value.
cat >first.env <<'FILE'
# a comment
A=from file
B="with quotes"
FROM_OUTSIDE
NOT_SET_ANYWHERE
FILE
echo 'A=from the second' >second.env
export FROM_OUTSIDE=outside
same "$(run --env-file first.env --env-file=second.env -e C -e D=d -e B= $python sh -c 'echo "$A|$B|$FROM_OUTSIDE|${NOT_SET_ANYWHERE-unset}|${C-unset}|$D"')" \
  "from the second||outside|unset|unset|d" "the environment"
printf 'export A=1\n' >wrong.env
expect_exit 125 run --env-file wrong.env $python true
says '^strata: error: --env-file wrong.env: line 1: `export A` is no name'
ok "-e, --env-file"

# Mounts.
echo shared >"$work/host/file"
same "$(run -v "$work/host:/data:ro" -v ./first.env:/etc/one.env $python sh -c 'cat /data/file; head -n 1 /etc/one.env; echo x >/data/file || echo read-only' 2>/dev/null)" \
  "$(printf '%s\n' shared '# a comment' read-only)" "-v"
run -v "$work/host:/data" $python sh -c 'echo back >/data/new'
same "$(<"$work/host/new")" back "what -v lets out"
same "$(run --read-only --tmpfs /tmp:size=1m -v "$work/host:/tmp/host" $python sh -c 'touch /x 2>/dev/null || echo root; touch /tmp/x && echo tmp; cat /tmp/host/new')" \
  "$(printf '%s\n' root tmp back)" "--read-only --tmpfs, and -v in it"
expect_exit 125 run -v nothing-here:/data $python true
says '^strata: error: -v nothing-here:/data: .*named volumes'
ok "-v, --tmpfs, --read-only"

# Program, place, user, names.
same "$(run -w /usr/lib -u nobody --hostname here --entrypoint sh $python -c 'pwd; id -un; hostname')" \
  "$(printf '%s\n' /usr/lib nobody here)" "-w -u --hostname --entrypoint"
same "$(run --network none --rm $python sh -c 'ls /sys/class/net')" lo "--network none"
ok "--entrypoint, -w, -u, --hostname, --network, --rm"

# Exit codes are docker's.
expect_exit 42 run $python sh -c 'exit 42'
expect_exit 127 run $python no-such-program
expect_exit 126 run $python /etc/passwd
expect_exit 125 run localhost:1/no/such:image true
expect_exit 125 run --no-such-flag $python true
expect_exit 125 run -d $python true
says '^strata: error: run has no `-d`: .*background'
expect_exit 125 run -u no-such-user $python true
ok "exit codes"

# A name is one process's at a time, and free when that was killed.
started() { # FILE PID: the process has made it
  local deadline=$((SECONDS + 60))
  until [[ -e $1 ]]; do
    kill -0 "$2" 2>/dev/null || fail "it ended before it was started: $1"
    ((SECONDS < deadline)) || fail "it did not start: $1"
    sleep 0.1
  done
}
# in_group ARGUMENT…: as a shell with job control starts it; $pid.
in_group() {
  set -m
  "$STRATA" run -v "$work/host:/host" "$@" >"$work/output" 2>&1 &
  pid=$!
  set +m
}
in_group --name db $python sh -c 'touch /host/named; sleep 41.31'
started "$work/host/named" "$pid"
got=0
run --name db $python true 2>"$work/second" || got=$?
same "$got" 125 "a second process of the name"
grep -q "^strata: error: --name db: a process runs under that name; .kill $pid. ends it$" "$work/second" || fail "$(cat "$work/second")"
quiet run --name other $python true
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
nothing_left 'sleep 41[.]31'
quiet run --name db $python true
[[ -z $(find "$STRATA_HOME/tmp" -mindepth 1 -maxdepth 1) ]] || fail "the next start left scratch space"
ok "--name; kill -9 leaves nothing"

# Signals: handled by the process, which decides; noticed by nobody, they end it.
# signalled SIGNAL CODE COMMAND…: run in a container that makes /host/ready
signalled() {
  local signal=$1 want=$2 code=0
  shift 2
  rm -f "$work/host/ready"
  in_group "$@"
  started "$work/host/ready" "$pid"
  kill "-$signal" "$pid"
  wait "$pid" || code=$?
  same "$code" "$want" "the exit code after SIG$signal of: $*"
}
signalled TERM 5 $python sh -c 'trap "echo heard; exit 5" TERM; touch /host/ready; while :; do sleep 0.1; done'
says '^heard$'
signalled USR1 6 $python sh -c 'trap "exit 6" USR1; touch /host/ready; while :; do sleep 0.1; done'
signalled INT 130 $python sh -c 'touch /host/ready; sleep 41.32'
signalled TERM 143 $python sh -c 'touch /host/ready; sleep 41.33'
signalled INT 3 $python python -c 'import time
try:
    open("/host/ready", "w").close(); time.sleep(60)
except KeyboardInterrupt:
    raise SystemExit(3)'
# One that does not want to end: the third time it is ended.
rm -f "$work/host/ready"
in_group $python sh -c 'trap "echo no" TERM; touch /host/ready; while :; do sleep 0.1; done'
started "$work/host/ready" "$pid"
for ((i = 0; i < 3; i++)); do
  kill -TERM "$pid" 2>/dev/null || fail "it ended after $i signals"
  sleep 0.5
done
code=0
wait "$pid" || code=$?
((code == 130 || code == 143)) || fail "exit $code after the third signal"
says '^no$'
nothing_left 'sleep 41[.]3'
ok "signals are handed on"

# Ports. The image's own server, and what is said of it.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }
inner=$(free_port)
outer=$(free_port)
get() { # URL
  local deadline=$((SECONDS + 60))
  until curl -fsS --noproxy '*' "$1" 2>/dev/null; do
    kill -0 "$pid" 2>/dev/null || fail "the server ended"
    ((SECONDS < deadline)) || fail "nothing answers at $1"
    sleep 0.1
  done
}
head -c 3000000 /dev/urandom >"$work/host/large"
in_group -p "$outer:$inner" -p "$inner:$inner" -w /host $python python -m http.server "$inner"
get "http://127.0.0.1:$outer/large" | cmp - "$work/host/large" || fail "other bytes come through the proxy"
get "http://127.0.0.1:$inner/large" | cmp - "$work/host/large" || fail "other bytes come without it"
says "^strata: a proxy takes TCP port $outer of this machine to port $inner" \
  "^strata: the container shares the host's network: TCP port $inner is already reachable at localhost:$inner"
got=0
run -p "$outer:1" $python true 2>"$work/second" || got=$?
same "$got" 125 "a port that is taken"
grep -q "^strata: error: -p $outer:1: TCP port $outer cannot be listened on: another program has it" "$work/second" || fail "$(cat "$work/second")"
got=0
run -p "$inner" $python touch /host/not-started 2>"$work/second" || got=$?
same "$got" 125 "the process's port is taken"
kill -INT "$pid"
code=0
wait "$pid" || code=$?
# The server's own end.
((code == 0 || code == 130)) || fail "exit $code of the server"
! curl -fsS --noproxy '*' "http://127.0.0.1:$outer/" 2>/dev/null || fail "the proxy outlives the process"
quiet run -p "127.0.0.1:$inner:$inner" $python true
says "reachable at localhost:$inner; the process chooses the addresses that it listens on$"
expect_exit 125 run -p 80a:80 $python true
says '^strata: error: -p 80a:80: not \[\[ADDRESS:\]HOST:\]PORT\[/tcp\|/udp\]'
expect_exit 125 run --network none -p 80 $python true
ok "-p: TCP"

in_group -p "127.0.0.1:$outer:$inner/udp" $python python -c "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', $inner)); open('/host/udp', 'w').close()
while True:
    data, sender = s.recvfrom(100); s.sendto(data.upper(), sender)"
started "$work/host/udp" "$pid"
same "$(python3 -c "import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20)
s.sendto(b'datagram', ('127.0.0.1', $outer)); print(s.recv(100).decode())")" DATAGRAM "UDP through the proxy"
kill -TERM "$pid"
wait "$pid" 2>/dev/null || true
nothing_left
ok "-p: UDP"

# A terminal: the process has one of its own, Ctrl-C is its, and the caller's is as before.
cat >on_terminal.py <<'PYTHON'
# on_terminal.py SEND COMMAND…: runs it on a terminal of 31 rows, sends the text once it has printed "ready", and prints all that it
# printed and its exit code, and whether the terminal is as it was.
import fcntl, os, pty, struct, sys, termios
send, command = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2:]
parent, child = pty.openpty()
fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 101, 0, 0))
before = termios.tcgetattr(child)
pid = os.fork()
if pid == 0:
    os.setsid()
    fcntl.ioctl(child, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(child, fd)
    os.execvp(command[0], command)
printed, sent = b"", False
while True:
    done, status = os.waitpid(pid, os.WNOHANG)
    import select
    if select.select([parent], [], [], 0.05)[0]:
        printed += os.read(parent, 4096)
    elif done:
        break
    if b"ready" in printed and not sent:
        os.write(parent, send)
        sent = True
print(printed.decode(errors="replace"))
print("exit", os.waitstatus_to_exitcode(status))
print("terminal", "as before" if termios.tcgetattr(child) == before else "changed")
PYTHON
quiet timeout 60 python3 on_terminal.py 'typed\n' "$STRATA" run -it $python sh -c 'stty size; echo ready; read line; echo "got $line"; exit 9'
says '31 101' 'got typed' '^exit 9' '^terminal as before'
quiet timeout 60 python3 on_terminal.py '\x03' "$STRATA" run -it $python sh -c 'trap "echo interrupted; exit 8" INT; echo ready; while :; do sleep 0.1; done'
says 'interrupted' '^exit 8' '^terminal as before'
quiet timeout 60 python3 on_terminal.py '' bash -c '"$0" run -it "$1" sh -c "echo ready; sleep 41.34" & until pgrep -f "^sleep 41[.]34" >/dev/null; do sleep 0.1; done; kill -TERM $!; wait $!' "$STRATA" $python
says '^terminal as before'
nothing_left 'sleep 41[.]34'
ok "a terminal"
