#!/usr/bin/env bash
# Other tools accept and run what strata writes: skopeo, umoci, oci-image-tool, podman, and
# strata's own run.
source "$(dirname "$0")/../support/lib.sh"
source "$support/engines.sh"
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
import_bases debian python

# valid NAME EXPECTED CONTEXT [OPTION…]
valid() {
  local name=$1 expected=$2 context=$3 layout=$work/layouts/$1
  shift 3
  mkdir -p "$work/layouts"
  quiet "$STRATA" build --progress plain -t "valid/$name:1" --iidfile "$work/iid" --digest-file "$work/digest" \
    -o "type=oci,dest=$layout" -o "type=oci-archive,dest=$layout.oci.tar" -o "type=docker,dest=$layout.docker.tar" \
    "$@" "$context"
  local ref
  ref=$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' "$layout/index.json")

  # Every way out has the same image.
  same "$(skopeo inspect "oci:$layout:$ref" | jq -r .Digest)" "$(<"$work/digest")" "$name: the layout's digest"
  same "$(skopeo inspect --raw "oci-archive:$layout.oci.tar" | sha256sum | cut -d' ' -f1)" "$(sed 's/sha256://' "$work/digest")" \
    "$name: the archive's manifest"
  same "$(skopeo inspect --config --raw "oci:$layout:$ref" | sha256sum | cut -d' ' -f1)" "$(sed 's/sha256://' "$work/iid")" \
    "$name: the layout's config"
  same "$(skopeo inspect --config --raw "docker-archive:$layout.docker.tar" | jq -cS .rootfs)" \
    "$(skopeo inspect --config --raw "oci:$layout:$ref" | jq -cS .rootfs)" "$name: the docker archive's layers"
  quiet skopeo inspect "docker-archive:$layout.docker.tar"
  ok "$name: skopeo inspects the layout and both archives"

  # A copy verifies every digest and size.
  quiet skopeo copy -q "oci:$layout:$ref" "dir:$work/copied"
  rm -rf "$work/copied"
  quiet oci-image-tool validate --type image --ref "name=$ref" "$layout"
  ok "$name: oci-image-tool validates"
  quiet umoci unpack --image "$layout:$ref" "$work/bundle"
  [[ -L $work/bundle/rootfs/bin && -d $work/bundle/rootfs/etc ]] || fail "$name: umoci unpacked something else"
  rm -rf "$work/bundle"
  ok "$name: umoci unpacks"

  quiet podman pull -q "oci:$layout:$ref"
  podman_run "$(tail -n 1 "$work/output")" >"$work/printed" 2>"$work/errors" || fail "$name: podman: $(<"$work/errors")"
  diff "$expected" "$work/printed" || fail "$name: podman prints something else"
  "$STRATA" run "valid/$name:1" >"$work/printed"
  diff "$expected" "$work/printed" || fail "$name: strata run prints something else"
  ok "$name: podman and strata run it"
}

for name in stages ownership heredoc service; do
  valid "$name" "$examples/$name/expected" "$examples/$name"
done

# Other codecs: the same root file system.
for codec in zstd zstd:19 none gzip:9; do
  quiet "$STRATA" build --progress plain -o "type=oci,dest=$work/layouts/other" --compression "$codec" "$examples/stages"
  same "$(skopeo inspect --config --raw "oci:$work/layouts/other" | jq -c .rootfs)" \
    "$(skopeo inspect --config --raw "oci:$work/layouts/stages" | jq -c .rootfs)" "diffIDs with $codec"
  quiet skopeo copy -q "oci:$work/layouts/other" "dir:$work/copied"
  quiet "$support/flatten.py" compare "$work/layouts/other" "$work/layouts/stages"
  rm -rf "$work/copied" "$work/layouts/other"
  ok "compression $codec"
done

# The store itself is a layout that others can read.
quiet skopeo inspect "oci:$STRATA_HOME:$(jq -r '[.manifests[].annotations["org.opencontainers.image.ref.name"] // empty | select(test("valid/stages"))][0]' "$STRATA_HOME/index.json")"
ok "skopeo reads the store"

# tar and local are the final root file system.
quiet "$STRATA" build --progress plain -o "type=tar,dest=$work/root.tar" -o "type=local,dest=$work/root" "$examples/stages"
mkdir "$work/from-tar"
tar -xf "$work/root.tar" -C "$work/from-tar"
same "$(cd "$work/from-tar" && find . -printf '%p %y %m %U:%G %s %l\n' | grep -v '^[^ ]* d' | LC_ALL=C sort | sha256sum)" \
  "$(cd "$work/root" && find . -printf '%p %y %m %U:%G %s %l\n' | grep -v '^[^ ]* d' | LC_ALL=C sort | sha256sum)" "type=tar and type=local"
same "$(cat "$work/root/data/words" | head -n 1)" one "the root's content"
ok "type=tar and type=local"

# docker and OCI archives, layouts and root tars come back in, with the same digest where they hold it.
for form in oci.tar docker.tar; do
  quiet "$STRATA" import --name "back/$form:1" "$work/layouts/stages.$form"
  "$STRATA" run "back/$form:1" >"$work/printed"
  diff "$examples/stages/expected" "$work/printed" || fail "import of $form"
done
quiet "$STRATA" export valid/stages:1 -o "type=oci,dest=$work/exported"
same "$(skopeo inspect "oci:$work/exported" | jq -r .Digest)" "$(skopeo inspect "oci:$work/layouts/stages" | jq -r .Digest)" "export"
quiet "$STRATA" import --name back/root:1 -c 'CMD ["cat","/data/words"]' "$work/root.tar"
same "$("$STRATA" run back/root:1 | head -n 1)" one "import of a root tar"
ok "import and export"
