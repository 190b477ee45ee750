#!/usr/bin/env bash
# COPY into /bin/, /tmp and another owner's 0750 home, on a base whose /bin is a link: run by
# dockerd and by podman, /bin is still a link, and modes and owners are unchanged.
source "$(dirname "$0")/../support/lib.sh"
source "$support/engines.sh"
import_bases debian
mkdir "$work/context"
cd "$work/context"
printf '#!/bin/sh\necho it works\n' >tool
chmod 755 tool
echo note >note
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim AS users
RUN useradd --uid 1234 --create-home keeper && chmod 0750 /home/keeper && chown keeper:daemon /home/keeper \
    && mkdir -m 2770 /srv/shared && chgrp 33 /srv/shared && ln -s /srv/shared /var/alias
FROM users
COPY tool /bin/
COPY tool /bin/other/../tool2
COPY note /tmp/note
COPY note /home/keeper/note
COPY --chown=keeper note /home/keeper/sub/dir/note
COPY note /var/alias/through-a-link
COPY tool /lib/strata/tool
CMD ["tool"]
DOCKERFILE
quiet "$STRATA" build --progress plain -t copy:1 -o "type=oci,dest=$work/layout" -o "type=docker,dest=$work/copy.docker.tar" .

cat >"$work/look" <<'LOOK'
set -e
tool; tool2
stat -c '%F %a %u:%g %n' /bin /bin/tool /bin/tool2 /lib /tmp /home/keeper /home/keeper/note /home/keeper/sub \
  /home/keeper/sub/dir/note /srv/shared /srv/shared/through-a-link /var/alias /usr/bin /usr/lib/strata /usr
readlink /bin /lib /var/alias
test -x /bin/sh && test -x /usr/bin/tool && test ! -e /bin/other
LOOK
cat >"$work/expected" <<'EXPECTED'
it works
it works
symbolic link 777 0:0 /bin
regular file 755 0:0 /bin/tool
regular file 755 0:0 /bin/tool2
symbolic link 777 0:0 /lib
directory 1777 0:0 /tmp
directory 750 1234:1 /home/keeper
regular file 644 0:0 /home/keeper/note
directory 755 1234:1234 /home/keeper/sub
regular file 644 1234:1234 /home/keeper/sub/dir/note
directory 2770 0:33 /srv/shared
regular file 644 0:0 /srv/shared/through-a-link
symbolic link 777 0:0 /var/alias
directory 755 0:0 /usr/bin
directory 755 0:0 /usr/lib/strata
directory 755 0:0 /usr
usr/bin
usr/lib
/srv/shared
EXPECTED
# looked NAME: what the last command printed is as expected.
looked() {
  diff "$work/expected" "$work/printed" || fail "$1 sees something else"
  ok "$1"
}

start_dockerd
quiet docker load -i "$work/copy.docker.tar"
image=$(sed -n 's/^Loaded image\( ID\)\?: //p' "$work/output" | tail -n 1)
docker run --rm --network none "$image" sh -c "$(<"$work/look")" >"$work/printed" 2>"$work/output" || fail "docker run"
looked "dockerd, from an archive"
same "$(docker run --rm --network none "$image")" "it works" "the image's command under dockerd"

# And as dockerd pulls it, which applies layers on its own path.
source "$support/registry.sh"
start_registry
quiet "$STRATA" push copy:1 "$registry/copy:1"
quiet docker pull -q "$registry/copy:1"
docker run --rm --network none "$registry/copy:1" sh -c "$(<"$work/look")" >"$work/printed" 2>"$work/output" || fail "docker run"
looked "dockerd, pulled"

quiet podman pull -q "oci:$work/layout"
podman_run "$(tail -n 1 "$work/output")" sh -c "$(<"$work/look")" >"$work/printed" 2>"$work/output" || fail "podman run"
looked "podman"
"$STRATA" run copy:1 sh -c "$(<"$work/look")" >"$work/printed" 2>"$work/output" || fail "strata run"
looked "strata run"
quiet "$STRATA" build --progress plain -o "type=local,dest=$work/root" .
chroot "$work/root" sh -c "$(<"$work/look")" >"$work/printed" 2>"$work/output" || fail "chroot"
looked "type=local"
