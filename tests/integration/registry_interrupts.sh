#!/bin/bash
# Pulls, pushes and imports end within two seconds of a signal, whatever they wait for, and leave nothing beside.
source "$(dirname "${BASH_SOURCE[0]}")/../support/lib.sh"
: "${STRATA_FAULT_REGISTRY:?the path of strata_fault_registry}"

mkdir "$work/base"
cp /sbin/ldconfig "$work/base/ldconfig"
printf 'FROM scratch\nCOPY ldconfig /sbin/ldconfig\n' >"$work/base/Dockerfile"
quiet "$STRATA" build --progress plain -t base:1 -o "type=oci,dest=$work/served" "$work/base"
layer=/blobs/sha256:$("$STRATA" inspect base:1 | awk '$1 == "layer" && $2 == 0 {print $3}')

# serve ARGUMENT…: sets $port. The registry ends with the test.
serve() {
  local output
  exec {output}< <(exec "$STRATA_FAULT_REGISTRY" --layout "$work/served" "$@")
  at_exit "kill $! 2>/dev/null"
  read -r port <&"$output" || fail "no registry: $*"
}

# What is not a download that the next pull resumes.
beside() { find "$STRATA_HOME/tmp" -mindepth 1 -not -name 'download-*' -printf '%P '; }

# ends_soon SECONDS COMMAND…: so long after its start it gets a signal, twice at once since timeout(1) signals the group
# too, and two seconds later it is killed.
ends_soon() {
  local after=$1 code=0
  shift
  timeout --preserve-status -s TERM -k 2 "$after" "$@" >"$work/output" 2>&1 || code=$?
  same "$code" 143 "the exit code after a signal of: $*"
  same "$(beside)" "" "what is left beside"
}

serve --fault silent --method GET --target /manifests/
ends_soon 1 "$STRATA" pull "127.0.0.1:$port/library/test:latest"
ok "pull of a manifest that does not come"
serve --fault drip --target "$layer"
STRATA_HOME=$work/pulling ends_soon 1 "$STRATA" pull "127.0.0.1:$port/library/test:latest"
ok "pull of a layer that drips"
serve --fault 429 --retry-after 60
ends_soon 1 "$STRATA" pull "127.0.0.1:$port/library/test:latest"
ok "pull that waits as the registry asks"
serve --fault silent --method PUT --target /blobs/uploads/
ends_soon 1 "$STRATA" push base:1 "127.0.0.1:$port/team/app:v1"
ok "push of a layer that is not taken"
mkdir "$work/bin"
printf '#!/bin/sh\nsleep 60\n' >"$work/bin/docker-credential-slow"
chmod 755 "$work/bin/docker-credential-slow"
echo '{"credsStore":"slow"}' >"$DOCKER_CONFIG/config.json"
serve --auth basic
PATH=$work/bin:$PATH ends_soon 1 "$STRATA" pull "127.0.0.1:$port/library/test:latest"
echo '{}' >"$DOCKER_CONFIG/config.json"
ok "pull that waits for a credential helper"

# A tar whose one file is large and costs no disk.
python3 - "$work/large.tar" <<'PY'
import sys, tarfile
size = 40 << 30
member = tarfile.TarInfo("zeros")
member.size = size
with open(sys.argv[1], "wb") as out:
    out.write(member.tobuf(tarfile.GNU_FORMAT))
    out.truncate(512 + size + 1024)
PY
ends_soon 1 "$STRATA" import --name large:1 "$work/large.tar"
ok "import of a large archive"
