#!/usr/bin/env bash
# A full disk: a located or plain message that says so, exit 7 (or 4 when the command in the RUN met
# it), nothing published, a store that is still readable; with space again the build is right.
source "$(dirname "$0")/../support/lib.sh"
mkdir "$work/small" "$work/context"
mount -t tmpfs -o size=420m tmpfs "$work/small"
export STRATA_HOME=$work/small/store
import_bases debian
cd "$work/context"
printf 'FROM debian:bookworm-slim\nRUN echo small > /small\nCMD ["cat", "/small"]\n' >Dockerfile
quiet "$STRATA" build --progress plain -t small:1 .
before=$(published)

# tmpfs_mounts: only the store's own mount is there.
only_the_tmpfs() { same "$(our_mounts | grep -vc " $work/small " || true)" 0 "mounts left"; same "$(our_processes)" "" "processes left"; }

# While strata copies a file in.
head -c 500000000 /dev/urandom >large
printf 'FROM debian:bookworm-slim\nCOPY large /large\n' >Dockerfile
expect_exit 7 "$STRATA" build --progress plain -t full:1 -o "type=oci,dest=$work/layout" .
says '[Nn]o space left|disk is full|out of space'
same "$(published)" "$before" "the names after a full disk"
[[ ! -e $work/layout/index.json ]] || fail "a layout was published"
only_the_tmpfs
ok "full while copying: exit 7"

# While a command writes: its own error, and its own exit code.
printf 'FROM debian:bookworm-slim\nRUN head -c 500000000 /dev/zero > /zeros\n' >Dockerfile
expect_exit 4 "$STRATA" build --progress plain -t full:1 .
says 'No space left' 'Dockerfile:2:1'
same "$(published)" "$before" "the names after a RUN on a full disk"
only_the_tmpfs
ok "full while a command writes: exit 4"

# While strata writes a layer of what a command made.
printf 'FROM debian:bookworm-slim\nRUN head -c 180000000 /dev/urandom > /random\n' >Dockerfile
code=0
"$STRATA" build --progress plain -t full:1 . >"$work/output" 2>&1 || code=$?
[[ $code == 7 || $code == 4 ]] || fail "exit $code on a full disk"
says '[Nn]o space left|disk is full|out of space'
same "$(published)" "$before" "the names after a full disk"
only_the_tmpfs
ok "full while writing a layer: exit $code"

same "$("$STRATA" run small:1)" small "an image of before"
quiet "$STRATA" doctor --fsck
ok "the store is whole"

# Nothing at all is left: it is not the runtime that is missing, and what helps is room.
says_what_is_full() {
  says '[Nn]o (space|inodes?) left' 'make room|exit code'
  ! grep -Eq 'install runc|this machine lacks|no OCI runtime|`strata gc` frees' "$work/output" || fail "it blames what is not at fault"
}
head -c 1000000000 /dev/zero >"$work/small/fill" 2>/dev/null || true
printf 'FROM debian:bookworm-slim\nRUN echo other > /other\n' >Dockerfile
expect_exit 7 "$STRATA" build --progress plain -t full:1 .
says_what_is_full
rm "$work/small/fill"
only_the_tmpfs
mount -o "remount,nr_inodes=$(($(df --output=iused "$work/small" | tail -n 1) + 8))" "$work/small"
expect_exit 7 "$STRATA" build --progress plain -t full:1 .
says_what_is_full
same "$(published)" "$before" "the names after a disk without room"
only_the_tmpfs
ok "no space and no inodes: said so, exit 7"

mount -o remount,size=4g,nr_inodes=1000000 "$work/small"
printf 'FROM debian:bookworm-slim\nRUN head -c 180000000 /dev/urandom > /random\n' >Dockerfile
quiet "$STRATA" build --progress plain -t full:1 .
same "$("$STRATA" run full:1 sh -c 'wc -c < /random')" 180000000 "the image built with space again"
printf 'FROM debian:bookworm-slim\nCOPY large /large\n' >Dockerfile
quiet "$STRATA" build --progress plain -t full:2 .
same "$("$STRATA" run full:2 sha256sum /large | cut -d' ' -f1)" "$(sha256sum <large | cut -d' ' -f1)" "the large file"
ok "with space again, both builds are right"
