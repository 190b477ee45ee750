#!/usr/bin/env bash
# The .deb and the wheel, each installed by one command into a fresh Debian 12 without a compiler, where the installed
# strata builds an image of files alone and one with a RUN.
source "$(dirname "$0")/../support/lib.sh"
import_bases debian
cache=$bases_made
source_dir=$(cd "$support/../.." && pwd)
built=$source_dir/build/package
# tests/run.sh has built them before: nothing but a look at the times.
(cd "$source_dir" && cmake --preset package -DSTRATA_STATIC_PREFIX="$cache/static" &&
  cmake --build --preset package --target package wheel -j "$(nproc)") >"$work/output" 2>&1 || fail "the packages do not build"
deb=("$built"/strata-build_*.deb)
wheel=("$built"/strata_build-*.whl)
[[ ${#deb[@]} == 1 && -f ${deb[0]} && ${#wheel[@]} == 1 && -f ${wheel[0]} ]] || fail "not one .deb and one wheel in $built"

needed=$(ldd "$built/driver/strata" | awk '{print $1}' | grep -Ev '^(linux-vdso|libc|libm|/lib64/ld-linux)' || true)
same "$needed" "" "the libraries that the binary needs beside glibc"
quiet lintian --allow-root --fail-on error "${deb[0]}"
ok "the binary needs glibc alone, and lintian finds no error in the .deb"

# machine NAME TAR: a fresh root file system, with this machine's way into the network.
machine() {
  mkdir "$work/$1"
  tar -C "$work/$1" --exclude='./dev/*' -xf "$cache/$2.tar"
  cp -L /etc/resolv.conf /etc/hosts "$work/$1/etc/"
  mkdir -p "$work/$1/srv/context" "$work/$1/.host"
  cp "$cache/debian-bookworm-slim.oci.tar" "${deb[0]}" "${wheel[0]}" "$work/$1/srv/"
  echo "hello" >"$work/$1/srv/context/file"
  printf 'FROM scratch\nCOPY file /\n' >"$work/$1/srv/context/files.Dockerfile"
  printf 'FROM debian:bookworm-slim\nRUN cat /etc/os-release && echo ran >/ran\n' >"$work/$1/srv/context/run.Dockerfile"
}
# within NAME COMMAND…: runs it with that root as /, as on a machine of its own.
within() {
  local root=$work/$1
  shift
  env -u STRATA_HOME -u DOCKER_CONFIG DEBIAN_FRONTEND=noninteractive HOME=/root unshare --mount --propagation private --fork \
    bash -c 'set -e; root=$1; shift; mount --bind "$root" "$root"; cd "$root"; mount --rbind /dev dev; mount --rbind /sys sys
      mount -t proc proc proc; pivot_root . .host; cd /; /bin/umount -l /.host; exec "$@"' within "$root" "$@"
}
# builds NAME: the strata that was installed there builds both images, and runs the second.
builds() {
  local digest
  quiet within "$1" sh -c '! command -v c++ && ! command -v cc'
  digest=$(within "$1" strata build -q -f /srv/context/files.Dockerfile -t files /srv/context) || fail "files alone"
  same "$digest" "$("$STRATA" build -q -f "$work/$1/srv/context/files.Dockerfile" -t "files-$1" "$work/$1/srv/context")" \
    "the image that the installed strata built"
  quiet within "$1" strata import --name debian:bookworm-slim /srv/debian-bookworm-slim.oci.tar
  quiet within "$1" strata build --progress plain -f /srv/context/run.Dockerfile -t ran /srv/context
  same "$(within "$1" strata run ran cat /ran)" ran "what the RUN wrote"
}

machine apt debian-bookworm-slim
quiet within apt apt-get update -q
quiet within apt apt-get install -q -y "/srv/$(basename "${deb[0]}")"
builds apt
ok "apt-get install ./strata-build.deb: builds files and a RUN"

machine pip python-3.11-slim-bookworm
quiet within pip apt-get update -q
# The runtime programs: a wheel cannot bring them.
quiet within pip apt-get install -q -y --no-install-recommends runc
quiet within pip pip install --no-index "/srv/$(basename "${wheel[0]}")"
builds pip
ok "pip install strata-build: builds files and a RUN"
