#!/usr/bin/env bash
# One build gives one digest, whatever the directory, umask, times, order of creation, locale,
# number of jobs, state of the store and file system.
source "$(dirname "$0")/../support/lib.sh"

mkdir -p "$work/one/tree/empty" "$work/one/tree/deep/er"
cd "$work/one"
printf 'plain\n' >tree/plain
printf '#!/bin/sh\necho run\n' >tree/program
chmod 755 tree/program
chmod 640 tree/plain
ln -s plain tree/link
ln -s /nowhere/at/all tree/dangling
ln tree/plain tree/twin
# Names whose order or case depends on the locale.
for name in I i İ ı Z z ä Ä 'with space' -dash .hidden "$(printf 'latin\344')"; do
  printf '%s\n' "$name" >"tree/deep/$name"
done
head -c 3000000 /dev/zero | tr '\0' x >tree/deep/er/large
setfattr -n user.note -v "of this machine" tree/program
(cd tree && tar -czf ../archive.tar.gz --mtime=@1600000000 deep/I plain)
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim AS build
WORKDIR /Iıiİ
COPY tree/ ./
RUN for i in 3 1 2; do echo "$i" >"file-$i"; done; mkdir -p made/by/run; ln -s file-1 made/link; \
    ln file-2 made/hard; rm program; echo content >> plain; chmod 4755 file-3; mkfifo made/fifo
ADD archive.tar.gz /unpacked/
FROM debian:bookworm-slim
ENV WHERE=/here ŞEHİR=Iğdır
LABEL b=2 a=1 I=ı
COPY --from=build /Iıiİ /copied
COPY --chown=7:8 --chmod=0604 tree/deep/ /modes/
RUN env | sort > /environment && date +%s > /dev/null
ADD archive.tar.gz /unpacked/
WORKDIR /work
CMD ["sh", "-c", "cat /environment"]
DOCKERFILE
cp -a "$work/one" "$work/spec"
rm "$work/spec/Dockerfile"
cat >"$work/spec/image.strata" <<'SPEC'
edition "2026"
app = Image.base("debian:bookworm-slim")
    .env({"ŞEHİR": "Iğdır", "B": "2", "A": "1"})
    .run_commands("mkdir /made && echo one > /made/one", "echo two > /made/two")
    .add_local_dir("tree", "/tree", strategy="copy")
    .workdir("/work")
    .cmd(["cat", "/made/one"])
SPEC

# A layout's every byte: names and contents of all its files.
bytes_of() { (cd "$1" && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2 | sha256sum); }
# build DIRECTORY OPTION…: the digest, and all bytes of the image's layout.
build() {
  local directory=$1 out
  shift
  out=$(mktemp -d "$work/out.XXXXXX")
  (cd "$directory" && "$STRATA" build --progress plain --digest-file "$out/digest" -o "type=oci,dest=$out/layout" "$@" . ) \
    >"$work/output" 2>&1 || fail "exit $? of building in $directory: $*"
  echo "$(<"$out/digest") $(bytes_of "$out/layout")"
  rm -rf "$out"
}
fresh_store() {
  STRATA_HOME=$(mktemp -d "${1:-$work}/store.XXXXXX")
  export STRATA_HOME
  import_bases debian
}
drop_store() {
  chattr -R -i "$STRATA_HOME" 2>/dev/null || true
  rm -rf "$STRATA_HOME"
}

fresh_store
first_store=$STRATA_HOME
want=$(build "$work/one")
want_spec=$(build "$work/spec")
echo "Dockerfile: $want"
echo "spec file:  $want_spec"
check() {
  same "$(build "$work/one" "${@:2}")" "$want" "Dockerfile, $1"
  same "$(build "$work/spec" "${@:2}")" "$want_spec" "spec file, $1"
  ok "$1"
}
cold() {
  fresh_store
  check "$@"
  drop_store
  STRATA_HOME=$first_store
}

check "warm store"
check "warm store, every step again" --no-cache
check "warm store, one job, every step again" --no-cache --jobs 1
cold "cold store, two jobs" --jobs 2
cold "cold store, one job" --jobs 1
(umask 077 && cold "umask 077")
(umask 000 && cold "umask 000")
(umask 027 && check "umask 027, every step again" --no-cache)

find "$work/one" "$work/spec" -exec touch -h -d '2031-05-06 07:08:09' {} +
cold "after touch"

# Elsewhere, each file created in another order, directories read in another order, without the machine's xattrs.
elsewhere() {
  # In C: bash reads past the end of a name that is not UTF-8.
  local from=$1 to=$2 order=$3 path LC_ALL=C
  mkdir -p "$to"
  (cd "$from" && find . -mindepth 1 -type d -print0 | LC_ALL=C sort -z "$order" | (cd "$to" && xargs -0 mkdir -p))
  while IFS= read -r -d '' path; do
    cp -dp "$from/$path" "$to/$path"
  done < <(cd "$from" && find . -not -type d -print0 | LC_ALL=C sort -z "$order")
  # A hard link stays one file in two places; nothing says which was first.
  ln -f "$to/tree/plain" "$to/tree/twin"
  (cd "$from" && find . -type d -print0) | while IFS= read -r -d '' path; do
    chmod --reference="$from/$path" "$to/$path"
  done
}
mkdir -p "$work/a much longer/place"
elsewhere "$work/one" "$work/a much longer/place/one" -r
elsewhere "$work/spec" "$work/a much longer/place/spec" -r
mv "$work/one" "$work/one.away" && mv "$work/a much longer/place/one" "$work/one2"
mv "$work/spec" "$work/spec.away" && mv "$work/a much longer/place/spec" "$work/spec2"
fresh_store
same "$(build "$work/one2")" "$want" "Dockerfile, another directory and order"
same "$(build "$work/spec2")" "$want_spec" "spec file, another directory and order"
drop_store
STRATA_HOME=$first_store
mv "$work/one.away" "$work/one" && mv "$work/spec.away" "$work/spec"
ok "another directory, files created in another order"

mkdir -p "$work/locales"
localedef -i tr_TR -f UTF-8 "$work/locales/tr_TR.UTF-8" >/dev/null 2>&1 || [[ -d $work/locales/tr_TR.UTF-8 ]] ||
  fail "localedef made no Turkish locale"
export LOCPATH=$work/locales
# That it is in force: in Turkish the capital of i is İ.
same "$(LC_ALL=tr_TR.UTF-8 python3 -c 'import locale; locale.setlocale(locale.LC_ALL, ""); print(locale.getlocale()[0])')" tr_TR "the locale"
for locale in C tr_TR.UTF-8; do
  LC_ALL=$locale cold "LC_ALL=$locale"
done
unset LOCPATH
LC_ALL=C.UTF-8 cold "LC_ALL=C.UTF-8"
TZ=Pacific/Kiritimati HOME=/nonexistent HOSTNAME=other USER=nobody cold "another time zone, home and user name"

mkdir "$work/tmpfs"
mount -t tmpfs -o size=4g tmpfs "$work/tmpfs"
cp -a "$work/one" "$work/spec" "$work/tmpfs/"
fresh_store "$work/tmpfs"
mv "$work/one" "$work/one.away" && mv "$work/spec" "$work/spec.away"
same "$(build "$work/tmpfs/one")" "$want" "Dockerfile, store and context on tmpfs"
same "$(build "$work/tmpfs/spec")" "$want_spec" "spec file, store and context on tmpfs"
ok "store and context on tmpfs ($(stat -f -c %T "$first_store") before)"
