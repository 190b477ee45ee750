#!/usr/bin/env bash
# The same Dockerfiles built by strata and by buildah give the same files and config, but for
# listed, explained differences: NAME.differences beside NAME.Dockerfile, and common.differences.
# NAME.buildah replaces what buildah cannot read. Arguments: names, else all.
source "$(dirname "$0")/../support/lib.sh"
source "$support/engines.sh"
cases=$(cd "$(dirname "$0")/dockerfiles" && pwd)
import_bases debian python
for base in debian:bookworm-slim python:3.11-slim-bookworm; do
  quiet buildah pull -q "oci-archive:$bases_made/${base/:/-}.oci.tar"
  quiet buildah tag "$(tail -n 1 "$work/output")" "docker.io/library/$base"
done

# One context for all: what git does not keep is made here.
mkdir -p "$work/context/tree/deep/er" "$work/context/tree/empty" "$work/context/tree/links" "$work/context/heredocs"
cd "$work/context"
echo plain >plain.txt
echo other >other.txt
printf '#!/bin/sh\necho program\n' >program.sh
chmod 755 program.sh
echo space >'with space'
: >empty
echo a >tree/a
echo deep >tree/deep/file
echo deeper >tree/deep/er/file.txt
echo hidden >tree/deep/.hidden
chmod 640 tree/deep/file
chmod 750 tree/deep/er
chmod 1777 tree/empty
ln -s ../a tree/links/relative
ln -s /etc/passwd tree/links/absolute
ln -s ../deep tree/links/directory
ln -s missing tree/links/dangling
printf 'hello world\n' >heredocs/greeting
printf '$who is not replaced\n' >heredocs/literal
printf '#!/bin/sh\nexit 0\n' >heredocs/script
echo attributed >attributed
setfattr -n security.capability -v 0x0100000200040000000000000000000000000000 attributed
echo 'not an archive at all' >not-an-archive.tar.gz
mkdir -p "$work/pack/pack/dir"
(
  cd "$work/pack/pack"
  echo packed >file
  ln file dir/hard
  ln -s ../file dir/soft
  echo tool >tool
  chmod 4750 tool
  chown 41:42 dir tool
  chmod 2775 dir
  mkfifo fifo
)
tar -C "$work/pack" --sort=name --mtime=@1500000000 -cf packed.tar pack
gzip -nk packed.tar
bzip2 -k packed.tar
xz -k packed.tar
python3 - <<'PYTHON'
import io, tarfile
with tarfile.open("special.tar", "w", format=tarfile.PAX_FORMAT) as archive:
    def add(name, kind=tarfile.REGTYPE, data=b"", **fields):
        info = tarfile.TarInfo(name)
        info.type, info.size, info.mtime, info.mode = kind, len(data), 1500000000, 0o644
        for key, value in fields.items():
            setattr(info, key, value)
        archive.addfile(info, io.BytesIO(data))
    # No entries of the directories above; a name longer than ustar's; a name in UTF-8.
    add("implied/by/a/file", data=b"x")
    add("long/" + "n" * 120 + "/" + "m" * 120, data=b"long")
    add("ünïcode", data=b"u")
    add("device", tarfile.CHRTYPE, devmajor=1, devminor=5, mode=0o600)
    add("noted", data=b"x", pax_headers={"SCHILY.xattr.user.packed": "yes"})
    add("late-link", tarfile.LNKTYPE, linkname="implied/by/a/file")
PYTHON

count=0
bad=0
for dockerfile in "$cases"/*.Dockerfile; do
  name=$(basename "$dockerfile" .Dockerfile)
  [[ $# == 0 || " $* " == *" $name "* ]] || continue
  rm -f "$work/context/.dockerignore"
  [[ ! -f $cases/$name.dockerignore ]] || cp "$cases/$name.dockerignore" "$work/context/.dockerignore"
  for_buildah=$dockerfile
  [[ ! -f $cases/$name.buildah ]] || for_buildah=$cases/$name.buildah
  quiet "$STRATA" build --progress plain -f "$dockerfile" -o "type=oci,dest=$work/ours" "$work/context"
  quiet buildah_build "$work/context" "localhost/case:$name" --identity-label=false -f "$for_buildah"
  quiet buildah push -q "localhost/case:$name" "dir:$work/theirs"
  buildah rmi -f "localhost/case:$name" >/dev/null 2>&1
  cat "$cases/common.differences" >"$work/differences"
  [[ ! -f $cases/$name.differences ]] || cat "$cases/$name.differences" >>"$work/differences"
  if "$support/flatten.py" compare "$work/ours" "$work/theirs" "$work/differences" >"$work/output"; then
    ok "$name: $(tail -n 1 "$work/output")"
  else
    echo "DIFFERS: $name (ours | theirs)"
    cat "$work/output"
    bad=$((bad + 1))
  fi
  rm -rf "$work/ours" "$work/theirs"
  count=$((count + 1))
done
((bad == 0)) || fail "$bad of $count Dockerfiles differ"
((count >= 12 || $# > 0)) || fail "only $count Dockerfiles"
ok "$count Dockerfiles"
