#!/usr/bin/env bash
# Bad input: a located message, the designed exit code, nothing published, nothing left behind.
source "$(dirname "$0")/../support/lib.sh"
import_bases debian
mkdir -p "$work/context/sub"
cd "$work/context"
echo text >file
echo secret >"$work/outside"
ln -s "$work/outside" escaping
ln -s ../../ sub/out

before=$(published)
# refused CODE LINE:COLUMN KIND PATTERN… <<< Dockerfile: how the build in Dockerfile ends.
refused() {
  local code=$1 place=$2 kind=$3
  shift 3
  cat >Dockerfile
  rm -rf "$work/layout" "$work/iid"
  expect_exit "$code" "$STRATA" build --progress plain -t bad:1 --iidfile "$work/iid" -o "type=oci,dest=$work/layout" .
  says "Dockerfile:$place: error: " "\[$kind\]" "$@"
  same "$(published)" "$before" "the names after $kind"
  [[ ! -e $work/layout/index.json && ! -s $work/iid ]] || fail "something was published after $kind"
  nothing_left
  ok "$kind: exit $code at $place"
}

refused 2 2:1 UnknownInstruction 'unknown instruction `COPPY`' 'did you mean `COPY`' 'COPPY file /file' <<'DOCKERFILE'
FROM debian:bookworm-slim
COPPY file /file
DOCKERFILE

refused 2 3:6 MissingCopySource '`missing`' <<'DOCKERFILE'
FROM debian:bookworm-slim
WORKDIR /x
COPY missing /
DOCKERFILE

refused 2 2:6 MissingCopySource '`\*\.none`' <<'DOCKERFILE'
FROM debian:bookworm-slim
COPY *.none /
DOCKERFILE

refused 2 3:17 MissingCopySource '`/not/there`' '^ *\| +\^{10}$' <<'DOCKERFILE'
FROM debian:bookworm-slim AS one
FROM debian:bookworm-slim
COPY --from=one /not/there /x
DOCKERFILE

refused 2 2:6 SourceOutsideContext '`\.\./outside`' <<'DOCKERFILE'
FROM debian:bookworm-slim
COPY ../outside /
DOCKERFILE

refused 5 1:6 BaseNotResolved 'nothing\.invalid/no/such:image' <<'DOCKERFILE'
FROM nothing.invalid/no/such:image
RUN true
DOCKERFILE

# A link is followed within the context only.
refused 2 2:6 SourceOutsideContext '`escaping`.* outside the context' '^ *\| +\^{8}$' <<'DOCKERFILE'
FROM scratch
COPY escaping /
DOCKERFILE
refused 2 2:11 SourceOutsideContext '`sub/out/x`.* outside the context' '^ *\| +\^{9}$' <<'DOCKERFILE'
FROM scratch
COPY file sub/out/x /y/
DOCKERFILE

refused 4 3:1 StepFailed 'exit code 7' 'last words' '[0-9a-f]{12}' 'RUN echo last words' <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN true
RUN echo last words; exit 7
DOCKERFILE

# A process inside cannot kill the first one of its namespace: the signal comes from outside.
refused_when_killed() {
  local signal=$1 pid deadline=$((SECONDS + 30))
  (
    until pid=$(pgrep -x -f 'sleep 77[.]123'); do
      ((SECONDS < deadline)) || exit 1
      sleep 0.1
    done
    # shellcheck disable=SC2086
    kill "-$signal" $pid
  ) &
  refused 4 2:1 StepFailed "(signal $(kill -l "$signal")|SIG$signal)" 'help: .* strata run -it --step' <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN ["sleep", "77.123"]
DOCKERFILE
  wait
}
refused_when_killed KILL

refused 4 2:1 StepFailed 'exit code 137' <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN sh -c 'kill -9 $$'; exit $?
DOCKERFILE

refused 4 2:1 StepFailed 'no-such-program' <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN ["no-such-program", "--flag"]
DOCKERFILE

# A step that failed is not a result: it runs again, and fails again.
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN echo ran >&2; false
DOCKERFILE
for _ in 1 2; do
  expect_exit 4 "$STRATA" build --progress plain .
  says '(^| )ran$'
done
ok "a failed step is not cached"

# Several errors in one run, each with its place.
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim
RUNN one
COPY --unknown=1 file /
EXPOSE many
USER
DOCKERFILE
expect_exit 2 "$STRATA" build --progress plain .
says 'Dockerfile:2:1: error' 'Dockerfile:3:[0-9]+: error' 'Dockerfile:5:[0-9]+: error'
ok "several errors in one run"

# Machine-readable diagnostics.
expect_exit 2 "$STRATA" build --message-format json --progress quiet .
grep -q '"code":"UnknownInstruction"' "$work/output" || fail "no JSON diagnostic"
ok "diagnostics as JSON"

# Spec files: the same classes of mistakes, located.
refused_spec() {
  local place=$1 kind=$2
  shift 2
  cat >image.strata
  expect_exit 2 "$STRATA" build --progress plain -t bad:1 .
  says "image.strata:$place: error: " "\[$kind\]" "$@"
  same "$(published)" "$before" "the names after $kind"
  ok "spec file, $kind at $place"
}
rm Dockerfile
refused_spec 1:42 UnknownMethod 'pip_instal' 'pip_install' <<'SPEC'
app = Image.base("debian:bookworm-slim").pip_instal("six")
SPEC
refused_spec 3:5 AdjacentStrings <<'SPEC'
app = Image.base("debian:bookworm-slim").run_commands(
    "true"
    "false"
)
SPEC
refused_spec 1:57 MissingCopySource 'nothing-here' <<'SPEC'
app = Image.base("debian:bookworm-slim").add_local_file("nothing-here", "/x", strategy="copy")
SPEC
refused_spec 2:19 SourceOutsideContext '`escaping`.* outside the context' '^ *\| +\^{10}$' <<'SPEC'
app = (Image.base("debian:bookworm-slim")
  .add_local_file("escaping", "/x", strategy="copy"))
SPEC
refused_spec 2:18 SourceOutsideContext '`sub/out`.* outside the context' '^ *\| +\^{9}$' <<'SPEC'
app = (Image.base("debian:bookworm-slim")
  .add_local_dir("sub/out", "/x", copy=True))
SPEC
rm image.strata

# Wrong use.
expect_exit 2 "$STRATA" build --no-such-flag .
expect_exit 2 "$STRATA" nothing
expect_exit 2 "$STRATA" build "$work/no/such/directory"
expect_exit 2 "$STRATA" build -f "$work/no-such-file" .
expect_exit 125 "$STRATA" run no/such/image:1
printf 'FROM debian:bookworm-slim\nRUN true\n' >Dockerfile
expect_exit 2 "$STRATA" build --target none .
says 'none'
ok "wrong use: exit 2; an image that no registry has: exit 5"

# No runtime on the machine: only when a RUN needs one.
# Hidden by an empty file over each, in a mount namespace of the command's own: the usual folders are searched beside PATH.
cat >"$work/without-runtime" <<'EOF'
for name in runc crun; do
  for file in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
    [ ! -e "$file/$name" ] || mount --bind /dev/null "$file/$name" || exit 99
  done
done
exec "$@"
EOF
without_runtime=(unshare --mount sh "$work/without-runtime")
printf 'FROM debian:bookworm-slim\nRUN echo needs a runtime\n' >Dockerfile
expect_exit 7 "${without_runtime[@]}" "$STRATA" build --progress plain -t bad:1 .
says 'strata doctor' 'runc' 'crun'
same "$(published)" "$before" "the names without a runtime"
printf 'FROM debian:bookworm-slim\nCOPY file /file\n' >Dockerfile
expect_exit 0 "${without_runtime[@]}" "$STRATA" build --progress plain .
printf 'FROM debian:bookworm-slim\nRUN echo needs a runtime\n' >Dockerfile
expect_exit 7 "$STRATA" build --progress plain --runtime "$work/no-runtime" .
nothing_left
ok "no runtime: exit 7, and none is needed without RUN"

quiet "$STRATA" build --progress plain .
ok "the same Dockerfile with a runtime builds"
