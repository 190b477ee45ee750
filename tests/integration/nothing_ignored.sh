#!/usr/bin/env bash
# What the user wrote has an effect or is refused: no flag, field or name is passed over in silence,
# and none stands for something else than was meant.
source "$(dirname "$0")/../support/lib.sh"
mkdir -p "$work/context" "$work/root/etc" "$work/bin"
cd "$work/context"
echo one >"$work/root/etc/file"
tar -C "$work/root" -cf "$work/root.tar" .
quiet "$STRATA" import --name base:1 "$work/root.tar"
echo a >a
printf 'FROM base:1\nCOPY a /a\n' >Dockerfile
quiet "$STRATA" build -q -t app:1 .
digest=$(tail -n 1 "$work/output")

# refused PATTERN COMMAND…: exit 2, saying why.
refused() {
  local pattern=$1
  shift
  expect_exit 2 "$@"
  says "$pattern"
}

refused 'has no field `ref`' "$STRATA" build -o "type=oci,dest=$work/out,ref=app:2" .
refused 'has no field `dest`' "$STRATA" build -t app:1 -o "type=registry,dest=$work/out" .
refused '`dest` is given twice' "$STRATA" build -o "type=oci,dest=$work/out,dest=$work/other" .
refused '`ref` is given twice' "$STRATA" build -o type=registry,ref=a,name=b .
[[ ! -e $work/out && ! -e $work/other ]] || fail "a refused output was written"
refused 'says nothing for `dump ir`' "$STRATA" dump ir --format json Dockerfile
refused 'says nothing for `dump plan`' "$STRATA" dump plan --locations Dockerfile
refused 'says nothing for `dump ast`' "$STRATA" dump ast --opt Dockerfile
refused 'quiet' "$STRATA" build -q --progress plain .
refused 'keep-days' "$STRATA" gc --keep-days=-1
ok "a flag or field without an effect is refused"

refused 'give NAME\[:TAG\]' "$STRATA" build -t "app@$digest" .
quiet "$STRATA" export app:1 -o "type=oci,dest=$work/layout"
refused 'whose digest is' "$STRATA" import --name "app@sha256:$(printf '0%.0s' {1..64})" "$work/layout"
quiet "$STRATA" import --name "app@$digest" "$work/layout"
ok "a digest in a name is that of the image"

refused 'whose config stays' "$STRATA" import --name other "$work/layout" --change 'ENV A=1'
refused 'whose config stays' "$STRATA" import --name other "$work/layout" --created 5
quiet "$STRATA" export app:1 -o "type=docker,dest=$work/docker.tar"
refused 'whose config stays' "$STRATA" import --name other "$work/docker.tar" --change 'ENV A=1'
other=$([[ $(uname -m) == x86_64 ]] && echo arm64 || echo amd64)
for image in "$work/layout" "$work/docker.tar"; do
  refused "not for linux/$other" "$STRATA" import --name other "$image" --platform "$other"
done
refused 'is not a platform' "$STRATA" import --name other "$image" --platform a/b/c/d
refused 'is not a platform' "$STRATA" pull other --platform a/b/c/d
expect_exit 2 "$STRATA" inspect other
ok "what import cannot change of an image"

# Read as a name this is a repository of Docker Hub.
for text in "$digest" "${digest:7:12}"; do
  refused 'is no name of an image' "$STRATA" push "$text"
done
ok "a digest is pushed to where the user says"

# A name that is also the beginning of another image's digest.
quiet "$STRATA" import --name "${digest:7:12}" "$work/root.tar"
same "$("$STRATA" inspect --format json "${digest:7:12}" | jq -r .digest)" \
  "$("$STRATA" inspect --format json base:1 | jq -r .digest)" "a name before a digest"
ok "a name goes before a digest"

# docker is there and fails, podman takes it.
printf '#!/bin/sh\nexit 1\n' >"$work/bin/docker"
printf '#!/bin/sh\nexit 0\n' >"$work/bin/podman"
chmod +x "$work/bin/docker" "$work/bin/podman"
quiet env PATH="$work/bin:$PATH" "$STRATA" build --load -t app:1 .
says 'docker load. failed; podman has the image now'
ok "an image in another program than usual is said to be there"
