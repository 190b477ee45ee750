#!/usr/bin/env bash
# run --step: any step of a build, where it started and, with --after, where it ended.
source "$(dirname "$0")/../support/lib.sh"
import_bases debian
mkdir "$work/context"
cd "$work/context"
echo content >file
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim AS first
RUN echo one >/one
ENV COLOUR=blue
WORKDIR /work
COPY file /copied
USER games
RUN <<EOF
#!/bin/sh -e
id -un >/tmp/user
EOF
FROM scratch
COPY --from=first /tmp/user /copied /
DOCKERFILE
quiet "$STRATA" build --progress plain -t stepped .
quiet "$STRATA" plan --format json .
cp "$work/output" plan.json
# step OP INDEX: the digest of the step of that kind.
step() { jq -r "[.steps[] | select(.op == \"$1\")][$2].digest" plan.json | sed 's/^sha256://'; }
# inside ARGUMENT…: what it prints.
inside() { "$STRATA" run "$@" 2>"$work/output" </dev/null; }

one=$(step exec 0)
workdir=$(step mkdir 0)
copy=$(step copy 0)
heredoc=$(step exec 1)
last=$(step copy 1)
for digest in "$one" "$workdir" "$copy" "$heredoc" "$last"; do
  [[ $digest =~ ^[0-9a-f]{64}$ ]] || fail "no digest: $digest"
done

same "$(inside --step "$one" sh -c 'ls /one 2>/dev/null | wc -l')" 0 "the first RUN at its start"
same "$(inside --step "${one:0:12}" --after cat /one)" one "and at its end"
same "$(inside --step "sha256:$workdir" sh -c 'cat /one; test -e /work || echo none')" "$(printf '%s\n' one none)" "WORKDIR at its start"
same "$(inside --step "$workdir" --after sh -c 'test -d /work && echo made')" made "WORKDIR at its end"
same "$(inside --step "$copy" sh -c 'test -e /copied || echo none; which sh')" "$(printf '%s\n' none /usr/bin/sh)" "COPY at its start"
same "$(inside --after --step "$copy" cat /copied)" content "COPY at its end"
same "$(echo 'cat /copied' | "$STRATA" run -i --after --step "$copy")" content "a shell is what is started there"
ok "RUN, WORKDIR and COPY, at start and end"

# As the build had it: environment, user, directory and heredoc; its own command.
same "$(inside --step "$heredoc" sh -c 'echo $COLOUR; id -un; pwd; ls /tmp/user 2>/dev/null | wc -l')" \
  "$(printf '%s\n' blue games /work 0)" "environment, user and directory"
same "$(inside --step "$heredoc" tail -n 1 /dev/pipes/EOF)" 'id -un >/tmp/user' "the heredoc"
expect_exit 0 "$STRATA" run --step "$heredoc"
same "$(inside --step "$heredoc" --after cat /tmp/user)" games "what it made"
same "$(inside -u root -w / -e COLOUR=red --step "$heredoc" sh -c 'echo $COLOUR; id -un; pwd')" "$(printf '%s\n' red root /)" "flags over it"
nothing_left
ok "a RUN as the build had it"

# What there is no place for.
expect_exit 127 "$STRATA" run --step "$last"
says '/bin/sh'
expect_exit 125 "$STRATA" run --step 0000000000000000 true
says '^strata: error: the store knows of no step `0000000000000000`; .strata plan. lists'
expect_exit 125 "$STRATA" run --after debian:bookworm-slim true
printf 'FROM debian:bookworm-slim\nRUN echo half >/half; exit 3\n' >Dockerfile.failing
expect_exit 4 "$STRATA" build --progress plain -f Dockerfile.failing .
failed=$(sed -n 's/^  note: step sha256://p' "$work/output")
expect_exit 3 "$STRATA" run --step "$failed"
expect_exit 125 "$STRATA" run --step "$failed" --after true
says 'failed, so there is nothing after it'
ok "what is wrong is said"

# It is kept as long as the step's result, is small, and is checked.
quiet "$STRATA" gc
same "$(inside --step "$one" --after cat /one)" one "after gc"
(($(cat "$STRATA_HOME"/steps/*.start | wc -c) < 20000)) || fail "the records are large"
quiet "$STRATA" doctor --fsck
echo damaged >"$STRATA_HOME/steps/$one.start"
expect_exit 7 "$STRATA" doctor --fsck
expect_exit 125 "$STRATA" run --step "$one" true
says 'does not know where it started; `strata build --no-cache` runs it again'
quiet "$STRATA" build --progress plain --no-cache -t stepped .
same "$(inside --step "$one" --after cat /one)" one "after --no-cache"
quiet "$STRATA" gc --keep-bytes 0
[[ -z $(find "$STRATA_HOME/steps" -name '*.start') ]] || fail "gc left starts without results"
ok "kept with the result"
