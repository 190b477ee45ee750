#!/usr/bin/env bash
# What is not a store is left alone; a store is its user's alone; roots that were changed are not used;
# images keep the mounts of their names.
source "$(dirname "$0")/../support/lib.sh"
mkdir -p "$work/context"
cd "$work/context"
printf 'FROM scratch\nCOPY Dockerfile /\n' >Dockerfile

# Directories of the user's, by mistake or by design like a store.
mkdir -p "$work/tmp-only/tmp/precious" "$work/layout/blobs/sha256"
echo thesis >"$work/tmp-only/tmp/precious/thesis"
echo '{"imageLayoutVersion":"1.0.0"}' >"$work/layout/oci-layout"
echo '{"schemaVersion":2,"manifests":[]}' >"$work/layout/index.json"
echo blob >"$work/layout/blobs/sha256/$(echo blob | sha256sum | cut -d ' ' -f 1)"
state() { (cd "$1" && find . -printf '%p %m %s %T@ %l\n' | sort); }
for directory in tmp-only layout; do
  before=$(state "$work/$directory")
  for command in "plan ." "key ." "build ." "gc" "inspect x" "doctor" "doctor --fsck"; do
    # shellcheck disable=SC2086 # words of a command
    STRATA_HOME=$work/$directory expect_exit 7 "$STRATA" $command
    says "holds .* is not taken for a strata store"
  done
  same "$(state "$work/$directory")" "$before" "$directory"
done
ok "what is no store is left alone"

import_bases debian
same "$(stat -c %a "$STRATA_HOME")" 700 "the mode of the store"
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN mkdir /data && chown nobody /data
USER nobody
RUN id -un > /data/user
DOCKERFILE
quiet "$STRATA" build --progress plain -t nobody:1 .
same "$("$STRATA" run nobody:1 cat /data/user)" nobody "a RUN of another user in a store that is closed to others"
ok "a store that is its user's alone runs steps of others"

# The base's root is edited, so that neither size nor time shows it.
file=$(find "$STRATA_HOME"/roots/*/etc/debian_version | head -n 1)
right=$(<"$file")
touch -r "$file" "$work/time"
sleep 0.1
tr '0-9' '9' <"$file" >"$work/wrong"
cat "$work/wrong" >"$file"
touch -r "$work/time" "$file"
differ "$(<"$file")" "$right" "the edit"
echo 'RUN cat /etc/debian_version > /data/version' >>Dockerfile
quiet "$STRATA" build --progress plain -t nobody:2 .
same "$("$STRATA" run nobody:2 cat /data/version)" "$right" "what a step reads of a root that was edited"
same "$("$STRATA" run nobody:2 cat /etc/debian_version)" "$right" "what run shows of it"
quiet "$STRATA" doctor --fsck
ok "a root that was edited is unpacked again"

# A build that waits for another one's lock ends when it is asked to.
printf 'FROM debian:bookworm-slim\nRUN sleep 8 && echo done > /slept\n' >"$work/slow"
"$STRATA" build --progress plain -f "$work/slow" -t slow:1 . >"$work/holder" 2>&1 &
holder=$!
at_exit "kill $holder 2>/dev/null"
until grep -q 'sleep 8' "$work/holder"; do sleep 0.1; done
sleep 0.5
"$STRATA" build --progress plain -f "$work/slow" -t slow:2 . >"$work/waiter" 2>&1 &
waiter=$!
until grep -q "waiting for process" "$work/waiter"; do sleep 0.1; done
start=$(date +%s%N)
kill -TERM "$waiter"
code=0
wait "$waiter" || code=$?
took=$((($(date +%s%N) - start) / 1000000))
same "$code" 143 "the code of a build that was stopped while it waited"
((took < 2000)) || fail "it took $took ms to end"
wait "$holder" || fail "the build that was waited for failed: $(cat "$work/holder")"
ok "a wait for a lock can be ended"

# Two projects with one image, and files of their own to mount.
for project in first second; do
  mkdir -p "$work/$project/src"
  cd "$work/$project"
  echo "$project" >src/name
  printf 'app = Image.from_registry("debian:bookworm-slim").add_local_dir("src", "/mounted-%s").cmd(["sh", "-c", "cat /mounted-*/name"])\n' \
    "$project" >image.strata
  quiet "$STRATA" build --progress plain -t "$project:1" --digest-file "$work/digest-$project" .
done
cd "$work"
same "$(<"$work/digest-first")" "$(<"$work/digest-second")" "the images of both projects"
same "$("$STRATA" run first:1)" first "what the first one mounts"
same "$("$STRATA" run second:1)" second "what the second one mounts"
expect_exit 125 "$STRATA" run "$(<"$work/digest-first")"
says "mounts other files as .*first:1. than as .*second:1"
# Who exports the digest is told of the files of both names, who exports a name of its own.
quiet "$STRATA" export "$(<"$work/digest-first")" -o "type=oci-archive,dest=$work/both.tar"
says "leaves out .src. at /mounted-first" && says "leaves out .src. at /mounted-second"
quiet "$STRATA" export first:1 -o "type=oci-archive,dest=$work/first.tar"
says "leaves out .src. at /mounted-first"
! grep -q mounted-second "$work/output" || fail "the files of another name are mentioned"
quiet "$STRATA" gc
same "$("$STRATA" run first:1)" first "the mounts after gc"
ok "each name keeps its mounts"
