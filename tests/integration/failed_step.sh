#!/usr/bin/env bash
# A RUN that failed: its message has the command that starts a process where it started.
source "$(dirname "$0")/../support/lib.sh"
import_bases debian
mkdir "$work/context"
cd "$work/context"
PATH=$(dirname "$STRATA"):$PATH

# The commands that the last output offers, a line each. Pasted: strata is in PATH.
offered() { sed -n 's/^  help: .*: \(strata run .*\)/\1/p' "$work/output"; }
# failing [ARGUMENT…] <<< Dockerfile: a build whose one RUN fails; its command is in $offer.
failing() {
  cat >Dockerfile
  expect_exit 4 "$STRATA" build --progress plain "$@" .
  offer=$(offered)
  [[ $(wc -l <<<"$offer") == 1 && -n $offer ]] || fail "not one command is offered: $offer"
}
# What a shell prints there: inside SCRIPT.
inside() { bash -c "$offer -c \"\$1\"" bash "$1" </dev/null 2>"$work/output" | tr -d '\r'; }

failing <<'DOCKERFILE'
FROM debian:bookworm-slim
ARG SECRET_OF_NOBODY=from-arg
ENV COLOUR="deep blue"
RUN echo earlier >/earlier && mkdir -m 777 /shared
COPY Dockerfile /copied
WORKDIR /work
USER games:audio
RUN <<EOF
#!/bin/sh -e
echo half >/shared/half
echo "in $PWD as $(id -u)" >&2
exit 7
EOF
DOCKERFILE
says 'Dockerfile:8:1: error' 'exit code 7' 'in /work as 5' '^  note: step sha256:[0-9a-f]{64}$'
step=$(sed -n 's/^  note: step sha256://p' "$work/output")
same "$offer" "strata run -it --step ${step:0:12} /bin/sh" "the command"
same "$(inside 'echo $COLOUR, $SECRET_OF_NOBODY; id -un; id -gn; pwd; echo $HOME')" \
  "$(printf '%s\n' "deep blue, from-arg" games audio /work /usr/games)" "environment, user and directory"
same "$(inside 'cat /earlier; ls /shared | wc -l; cmp /copied /copied && echo copied')" \
  "$(printf '%s\n' earlier 0 copied)" "the files of the steps before, and none of its own"
same "$(inside 'head -n 2 /dev/pipes/EOF; test -x /dev/pipes/EOF && echo executable')" \
  "$(printf '%s\n' '#!/bin/sh -e' 'echo half >/shared/half' executable)" "the heredoc"
nothing_left
ok "the offered shell: root, environment, user, directory, heredoc"

# Its own command, by other names of the step; what it writes is discarded.
for name in "$step" "sha256:$step" "${step:0:4}"; do
  expect_exit 7 "$STRATA" run --step "$name"
  says '^in /work as 5$'
done
same "$(inside 'ls /shared | wc -l')" 0 "what its own command wrote"
expect_exit 42 "$STRATA" run --step "$step" sh -c 'exit 42'
same "$("$STRATA" run --step "$step" echo -t --rm -- x)" "-t --rm -- x" "a command's own flags"
same "$("$STRATA" run -u root -w / -e COLOUR=red --step "$step" sh -c 'id -u; pwd; echo $COLOUR' | tr '\n' ' ')" "0 / red " \
  "the command line's user, directory and environment"
expect_exit 125 "$STRATA" run --step 0000000000000000
says 'strata: error: .*`0000000000000000`'
nothing_left
ok "its own command, and others"

# It is no result.
quiet "$STRATA" plan .
says "^ *${step:0:12}.*miss|miss.*${step:0:12}"
[[ ! -e $STRATA_HOME/steps/$step && ! -e $STRATA_HOME/steps/$step.results ]] || fail "a failed step has a result"
quiet "$STRATA" doctor --fsck
expect_exit 4 "$STRATA" build --progress plain .
same "$(offered)" "$offer" "the command of the second failure"
ok "a failed step stays a miss"

# Proxy variables come from the environment again, and are in no file of the store.
expect_exit 4 "$STRATA" build --progress plain --build-arg http_proxy=http://user:hid7den2@proxy.invalid:1 --runtime runc .
offer=$(offered)
same "$offer" "strata run -it -e http_proxy --runtime runc --step ${step:0:12} /bin/sh" "the command with a proxy"
! grep -q hid7den2 "$work/output" || fail "the proxy is printed"
! grep -rq hid7den2 "$STRATA_HOME" || fail "the proxy is in the store"
export http_proxy=http://again.invalid:1
same "$(inside 'echo $http_proxy')" "$http_proxy" "the proxy of the environment"
unset http_proxy
same "$(inside 'echo ${http_proxy-none}')" none "no proxy in the environment"
ok "proxies are not kept"

# The network is the RUN's, which a spec file can cut off.
mkdir "$work/spec"
cat >"$work/spec/image.strata" <<'SPEC'
app = Image.base("debian:bookworm-slim").run_commands("exit 5", network="none")
SPEC
expect_exit 4 "$STRATA" build --progress plain "$work/spec"
offer=$(offered)
same "$(inside 'ls /sys/class/net')" lo "the interfaces of network=none"
ok "network none"

# Without a shell in the root its own command is offered.
cp /bin/true program
failing <<'DOCKERFILE'
FROM scratch
COPY program /program
RUN ["/program"]
DOCKERFILE
[[ $offer == "strata run --step "* && $offer != */bin/sh ]] || fail "a shell that is not there: $offer"
code=$(sed -n 's/.*failed: exit code \([0-9]*\).*/\1/p' "$work/output")
expect_exit "$code" bash -c "$offer"
ok "a root without a shell"

# Steps that fail side by side have a command each.
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim AS one
RUN touch /one; sleep 2; exit 1
FROM debian:bookworm-slim AS two
RUN touch /two; sleep 2; exit 2
FROM scratch
COPY --from=one /one /
COPY --from=two /two /
DOCKERFILE
expect_exit 4 "$STRATA" build --progress plain --jobs 2 .
mapfile -t offers < <(offered)
same "${#offers[@]}" 2 "the number of commands"
expect_exit 1 bash -c "${offers[0]%/bin/sh}"
expect_exit 2 bash -c "${offers[1]%/bin/sh}"
ok "a command for each failure"

expect_exit 4 "$STRATA" build --message-format json --progress quiet --target two .
jq -es 'length == 1 and (.[0][0].helps[0] | test("strata run -it --step [0-9a-f]{12} /bin/sh$"))' "$work/output" >/dev/null ||
  fail "not one JSON document with the help in it"
ok "the command as JSON"

# What is interrupted has not failed.
before=$(ls "$STRATA_HOME/failed")
printf 'FROM debian:bookworm-slim\nRUN echo waiting; sleep 31.765\n' >Dockerfile
set -m
"$STRATA" build --progress plain . >"$work/output" 2>&1 &
pid=$!
set +m
deadline=$((SECONDS + 60))
until pgrep -f 'sleep 31[.]765' >/dev/null; do
  ((SECONDS < deadline)) || fail "the RUN did not start"
  sleep 0.1
done
kill -INT "$pid"
code=0
wait "$pid" || code=$?
same "$code" 130 "the exit code of an interrupted build"
[[ -z $(offered) ]] || fail "a command is offered after Ctrl-C"
same "$(ls "$STRATA_HOME/failed")" "$before" "the failed steps after Ctrl-C"
nothing_left 'sleep 31[.]765'
ok "nothing is offered after Ctrl-C"

# What it started from may go; then it says so. gc forgets the step itself.
failing <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN echo last >/last
RUN exit 3
DOCKERFILE
tree=$(jq -r '.trees[-1]' <(tail -n +2 "$STRATA_HOME/failed/"$(sed -n 's/^  note: step sha256://p' "$work/output")))
mv "$STRATA_HOME/trees/${tree#sha256:}" "$work/tree"
expect_exit 125 bash -c "$offer -c true"
says "$tree is gone from the store; run the build again"
mv "$work/tree" "$STRATA_HOME/trees/${tree#sha256:}"
quiet bash -c "$offer -c true"
quiet "$STRATA" gc
[[ -z $(ls "$STRATA_HOME/failed") ]] || fail "gc left failed steps"
expect_exit 125 bash -c "$offer -c true"
says 'knows of no step'
expect_exit 4 "$STRATA" build --progress plain .
quiet bash -c "$(offered) -c true"
ok "gc forgets failed steps; the next failure keeps its own again"
