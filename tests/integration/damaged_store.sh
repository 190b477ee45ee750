#!/usr/bin/env bash
# Whatever single object of a store is lost or damaged, the next build gives the same image in its
# outputs, by whatever way it has to be made again, or says what cannot be had; nothing fails for ever.
source "$(dirname "$0")/../support/lib.sh"
# A name that no registry has, and no way to ask one.
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
# Of this machine's own shell: small, because it is unpacked often.
mkdir -p "$work/base/etc"
echo tiny >"$work/base/etc/version"
for program in sh cat; do
  cp -L --parents "$(command -v "$program")" $(ldd "$(command -v "$program")" | grep -o '/[^ ]*') "$work/base"
done
[[ -e $work/base/bin ]] || ln -s usr/bin "$work/base/bin"
tar -C "$work/base" --numeric-owner --owner 0 --group 0 --mtime @1700000000 --sort name -cf "$work/base.tar" .
import_base() { quiet "$STRATA" import --name base.invalid/tiny:1 "$work/base.tar"; }
import_base
mkdir -p "$work/context"
cd "$work/context"
cat >Dockerfile <<'DOCKERFILE'
FROM base.invalid/tiny:1 AS tools
RUN echo tool >/tool
FROM base.invalid/tiny:1
COPY --from=tools /tool /tool
RUN cat /tool /etc/version >/result
DOCKERFILE

# build: into a layout, of which every blob is hashed; its digest.
build() {
  local blob
  rm -rf "$work/out"
  "$STRATA" build --progress plain --digest-file "$work/digest" -o "type=oci,dest=$work/out" "$@" . >"$work/output" 2>&1 ||
    return $?
  for blob in "$work"/out/blobs/sha256/*; do
    same "$(sha256sum <"$blob" | cut -d ' ' -f 1)" "$(basename "$blob")" "the digest of an exported blob"
  done
  cat "$work/digest"
}
# made_again WHAT ARGUMENT…: a build succeeds with the image that it always gave.
made_again() {
  local digest status=0
  digest=$(build "${@:2}") || status=$?
  [[ $status == 0 && $digest == "$image" ]] || fail "$1: exit $status, \`$digest\` instead of \`$image\`"
}

image=$(build)
made_again "an untouched store, with all steps run" --no-cache
base=$(jq -r '.manifests[] | select(.annotations["io.containerd.image.name"] == "base.invalid/tiny:1").digest' \
  "$STRATA_HOME/index.json" | sed 's/^sha256://')
[[ $base =~ ^[0-9a-f]{64}$ ]] || fail "no digest of the base"
base_layer=$(jq -r '.layers[0].digest' "$STRATA_HOME/blobs/sha256/$base" | sed 's/^sha256://')
base_config=$(jq -r '.config.digest' "$STRATA_HOME/blobs/sha256/$base" | sed 's/^sha256://')
base_tree=$(grep -o 'sha256:[0-9a-f]*$' "$STRATA_HOME/chains/$(jq -r '.rootfs.diff_ids[0]' "$STRATA_HOME/blobs/sha256/$base_config" | sed 's/^sha256://')" | tail -n 1 | sed 's/^sha256://')

# damage HOW FILE
damage() {
  case $1 in
    flipped)
      python3 - "$2" <<'PYTHON'
import os, sys
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
if data:
    data[len(data) // 2] ^= 4
os.remove(path)
open(path, "wb").write(data)
PYTHON
      ;;
    emptied) rm "$2" && : >"$2" ;;
    removed) rm -r "$2" ;;
    directory) rm "$2" && mkdir "$2" ;;
  esac
}

own=$(find "$STRATA_HOME"/{blobs/sha256,trees,chains,layers,steps,keys} -type f ! -path "*$base*" \
  ! -path "*$base_config*" ! -path "*$base_layer*" | sort)
own+=$'\n'$(find "$STRATA_HOME/roots" -maxdepth 1 -type f | sort)
rounds=0
for how in flipped emptied removed directory; do
  for file in $own; do
    [[ -e $file ]] || continue
    what="${file#"$STRATA_HOME"/} $how"
    damage "$how" "$file"
    made_again "$what"
    rounds=$((rounds + 1))
    # Each kind of object once more where all steps run.
    [[ $how == removed ]] || continue
    [[ ! -e $file ]] || damage "$how" "$file"
    made_again "$what, with all steps run" --no-cache
  done
done
made_again "after $rounds rounds"
ok "what strata made is made again, $rounds times"

for how in flipped removed; do
  for root in "$STRATA_HOME"/roots/*; do
    [[ -d $root ]] || continue
    case $how in
      flipped) file=$(find "$root" -type f -size +0 | sort | head -n 1) ;;
      removed) file=$root ;;
    esac
    [[ -e $file ]] || continue
    damage "$how" "$file"
    made_again "${file#"$STRATA_HOME"/} $how" --no-cache
  done
done
ok "roots are unpacked again"

# The base was imported: what only the archive has is named, and nothing is lost by bringing it back.
for how in flipped removed; do
  for lost in "$base" "$base_config" "$base_layer"; do
    # Nothing else that could stand in for it.
    rm -rf "$STRATA_HOME/keys"/* "$STRATA_HOME/roots/$base_tree"*
    damage "$how" "$STRATA_HOME/blobs/sha256/$lost"
    expect_exit 5 "$STRATA" build --no-cache .
    says 'base.invalid/tiny:1' 'strata import'
    import_base
    made_again "the base is back after $lost was $how" --no-cache
  done
done
ok "what cannot be had is named"

quiet "$STRATA" doctor --fsck
ok "nothing damaged is left"
