#!/usr/bin/env bash
# A registry that misbehaves: exit 5, a message that says where and why, and nothing half done. When it comes to itself: the
# image that an honest one gives.
source "$(dirname "$0")/../support/lib.sh"
: "${STRATA_FAULT_REGISTRY:?the path of strata_fault_registry}"

# The base that the registries serve: a static program, so that a RUN on it needs no distribution.
mkdir "$work/base"
cp /sbin/ldconfig "$work/base/ldconfig"
seq 2000 >"$work/base/numbers"
cat >"$work/base/Dockerfile" <<'DOCKERFILE'
FROM scratch
COPY ldconfig /sbin/ldconfig
COPY numbers /etc/numbers
LABEL about="a base"
DOCKERFILE
quiet "$STRATA" build --progress plain -t base:1 --iidfile "$work/base/config" --digest-file "$work/base/digest" \
  -o "type=oci,dest=$work/served" "$work/base"
base_digest=$(<"$work/base/digest")
config=/blobs/$(<"$work/base/config")
layer=/blobs/sha256:$("$STRATA" inspect base:1 | awk '$1 == "layer" && $2 == 0 {print $3}')
base_store=$STRATA_HOME

# serve ARGUMENT…: sets $port. The registry ends with the test.
serve() {
  local output
  exec {output}< <(exec "$STRATA_FAULT_REGISTRY" --layout "$work/served" "$@")
  at_exit "kill $! 2>/dev/null"
  read -r port <&"$output" || fail "no registry: $*"
}

# alone NAME COMMAND…: with a directory and a store of its own.
alone() (
  work=$work/$1
  STRATA_HOME=$work/store
  DOCKER_CONFIG=$work/docker
  mkdir -p "$work/context" "$DOCKER_CONFIG"
  echo text >"$work/context/file"
  shift
  "$@"
)
# later NAME COMMAND…: the same beside the rest, for what waits most of its time; `joined` tells how it ended.
waiting=()
names=()
later() {
  alone "$@" >"$work/$1.said" 2>&1 &
  waiting+=("$!")
  names+=("$1")
}
joined() {
  local i
  for i in "${!waiting[@]}"; do
    wait "${waiting[i]}" || {
      cat "$work/${names[i]}.said" >&2
      exit 1
    }
    cat "$work/${names[i]}.said"
  done
}

# The build of each case: COPY must know the base's files, RUN needs them unpacked.
build_on() {
  cat >"$work/context/Dockerfile" <<DOCKERFILE
FROM 127.0.0.1:$1/library/test:latest
COPY file /etc/file
RUN ["/sbin/ldconfig"]
DOCKERFILE
  build -t app:1 -o "type=oci,dest=$work/layout"
}
# Whatever happens, it comes to an end.
build() {
  timeout 50 "$STRATA" build --progress plain --iidfile "$work/iid" --digest-file "$work/digest" "$@" "$work/context"
}
pull() { timeout 50 "$STRATA" pull "127.0.0.1:$1/library/test:latest"; }

blobs_are_whole() {
  local blob
  for blob in "$STRATA_HOME"/blobs/sha256/*; do
    [[ ! -e $blob || $(sha256sum <"$blob") == "${blob##*/}  -" ]] || fail "$blob is not what its name says"
  done
}
nothing_half_done() {
  same "$(published)" "" "the names after a failure"
  [[ ! -e $work/layout && ! -e $work/iid && ! -e $work/digest ]] || fail "something was written after a failure"
  blobs_are_whole
  nothing_left
}

# build_refused PORT KIND PATTERN…; pull_refused PORT PATTERN…
build_refused() {
  local port=$1 kind=$2
  shift 2
  expect_exit 5 build_on "$port"
  says "Dockerfile:1:6: error: base image .*127\.0\.0\.1:$port/library/test:latest.*\[$kind\]" '^ *\| +\^{34,35}$' "$@"
  nothing_half_done
  ok "build, ${work##*/}: refused"
}
pull_refused() {
  local port=$1
  shift
  expect_exit 5 pull "$port"
  says "^strata: error: 127\.0\.0\.1:$port/library/test:latest: " "$@"
  nothing_half_done
  ok "pull, ${work##*/}: refused"
}
refused() {
  build_refused "$@"
  local port=$1
  shift 2
  pull_refused "$port" "$@"
}

# The registry behaves by now: a build in a fresh store shows what is right.
as_from_an_honest_one() {
  local digest honest
  digest=$(<"$work/digest")
  blobs_are_whole
  STRATA_HOME=$work/honest quiet build_on "$1"
  honest=$(<"$work/digest")
  same "$digest" "$honest" "the image after a fault"
}
# build_recovers PORT PATTERN…; pull_recovers PORT PATTERN…: within the one command.
build_recovers() {
  local port=$1
  shift
  quiet build_on "$port"
  says "$@"
  as_from_an_honest_one "$port"
  ok "build, ${work##*/}: goes on"
}
pull_recovers() {
  local port=$1
  shift
  quiet pull "$port"
  says "$@" "^$base_digest$"
  blobs_are_whole
  ok "pull, ${work##*/}: goes on"
}
# The fault is over with the command that it ends.
build_refused_once() {
  build_refused "$@"
  quiet build_on "$1"
  as_from_an_honest_one "$1"
  ok "build, ${work##*/}: the next one succeeds"
}
pull_refused_once() {
  pull_refused "$@"
  quiet pull "$1"
  says "^$base_digest$"
  blobs_are_whole
  ok "pull, ${work##*/}: the next one succeeds"
}
# lasts SECONDS COMMAND…: at least so long.
lasts() {
  local seconds=$1 begin=${EPOCHREALTIME/[.,]/}
  shift
  "$@"
  local took=$((${EPOCHREALTIME/[.,]/} - begin))
  ((took >= seconds * 1000000)) || fail "$((took / 1000)) ms are less than $seconds s"
}

# The push of each case.
push() { STRATA_HOME=$base_store timeout 50 "$STRATA" push base:1 "127.0.0.1:$1/team/app:v1"; }
build_and_push() {
  printf 'FROM scratch\nCOPY file /file\n' >"$work/context/Dockerfile"
  build --push -t "127.0.0.1:$1/team/built:v1"
}
# there PORT REPOSITORY DIGEST: what the registry gives is whole.
there() {
  STRATA_HOME=$work/readback-$2 quiet "$STRATA" pull "127.0.0.1:$1/team/$2:v1"
  says "^$3$"
}
# A push may have sent blobs, but the tag comes last.
no_tag() {
  local status
  for name in app built; do
    status=$(curl -s -o /dev/null --noproxy '*' -w '%{http_code}' "http://127.0.0.1:$1/v2/team/$name/manifests/v1")
    same "$status" 404 "the tag of $name after a failed push"
  done
}
push_refused() {
  local port=$1
  shift
  expect_exit 5 push "$port"
  says "^strata: error: 127\.0\.0\.1:$port/team/app:v1: " "$@"
  expect_exit 5 build_and_push "$port"
  says "^strata: error: 127\.0\.0\.1:$port/team/built:v1: " "$@"
  [[ ! -e $work/iid && ! -e $work/digest ]] || fail "a digest was written after a failed push"
  blobs_are_whole
  nothing_left
  ok "push, ${work##*/}: refused"
}
push_recovers() {
  local port=$1
  shift
  quiet push "$port"
  says "$@"
  there "$port" app "$base_digest"
  ok "push, ${work##*/}: goes on"
}
push_succeeds() {
  quiet push "$1"
  there "$1" app "$base_digest"
  quiet build_and_push "$1"
  there "$1" built "$(<"$work/digest")"
}
refused_without_tag() {
  push_refused "$@"
  no_tag "$1"
}

# Two steps that wait for the same base share its failure.
asked_once() {
  cat >"$work/context/Dockerfile" <<DOCKERFILE
FROM 127.0.0.1:$1/library/test:latest AS one
COPY file /one
FROM 127.0.0.1:$1/library/test:latest
COPY file /two
COPY --from=one /one /three
DOCKERFILE
  expect_exit 5 build --jobs 2
  says 'Dockerfile:1:6: error: .*\[BaseNotFetched\]'
  same "$(grep -c 'trying again (1 of 4)' "$work/output")" 1 "the first tries"
  nothing_half_done
  ok "two steps on a base that does not come: asked for once"
}

# First what waits: the client pauses 7.5 s in all before it gives up.
failed='FAULT: made to fail'
again='trying again \(4 of 4\)'
serve --fault half-blob --target "$layer"
later half-layer build_refused "$port" BaseNotFetched 'transfer closed with [0-9]+ bytes remaining' "$again"
later half-layer-pulled pull_refused "$port" 'transfer closed with [0-9]+ bytes remaining' "$again"
serve --fault half-blob --target "$config"
later half-config build_refused "$port" BaseNotResolved "$again"
serve --fault 500
later 500-for-ever build_refused "$port" BaseNotResolved "500 Internal Server Error \($failed\)" "$again"
later 500-for-ever-pulled pull_refused "$port" "500 Internal Server Error \($failed\)" "$again"
serve --fault 500 --target "$layer"
later 500-for-a-layer build_refused "$port" BaseNotFetched "500 Internal Server Error \($failed\)" "$again"
later two-steps asked_once "$port"
serve --fault 429 --retry-after 1
later 429-for-ever build_refused "$port" BaseNotResolved "429 Too Many Requests \($failed\); try again later" 'waiting 1 s, as it asks'
later 429-for-ever-pulled pull_refused "$port" "429 Too Many Requests \($failed\); try again later" 'waiting 1 s, as it asks'
for method in POST PUT; do
  serve --fault 500 --method "$method" --target /blobs/uploads/
  later "500-to-a-$method" refused_without_tag "$port" "500 Internal Server Error \($failed\)" "$again"
done
serve --fault 500 --method PUT --target /manifests/
later 500-to-a-manifest refused_without_tag "$port" "manifest: 500 Internal Server Error \($failed\)" "$again"

# What it says once more.
serve --fault half-blob --target "$layer" --times 2
later half-layer-twice build_recovers "$port" 'trying again \(2 of 4\)'
serve --fault half-blob --times 1
later half-config-once pull_recovers "$port" 'trying again \(1 of 4\)'
serve --fault 500 --target /manifests/ --times 2
later 500-twice build_recovers "$port" '500 Internal Server Error; trying again \(2 of 4\)'
serve --fault 500 --target "$layer" --times 1
later 500-once pull_recovers "$port" '500 Internal Server Error; trying again \(1 of 4\)'
serve --fault 429 --target "$layer" --times 1 --retry-after 3
later 429-once lasts 3 build_recovers "$port" "http://127\.0\.0\.1:$port: 429 Too Many Requests; waiting 3 s, as it asks"
serve --fault 429 --target /manifests/ --times 2 --retry-after 1
later 429-twice lasts 2 pull_recovers "$port" "http://127\.0\.0\.1:$port: 429 Too Many Requests; waiting 1 s, as it asks"
serve --fault 500 --method POST --times 2
later 500-to-a-POST-twice push_recovers "$port" '500 Internal Server Error; trying again \([12] of 4\)'
serve --fault 500 --method PUT --times 1
later 500-to-a-PUT-once push_recovers "$port" '500 Internal Server Error .*; trying again \(1 of 4\)'
serve --fault 429 --method PUT --times 1 --retry-after 3
later 429-to-a-PUT-once lasts 3 push_recovers "$port" 'waiting 3 s, as it asks'

# A promise that is not kept, and a refusal, need no second try.
for times in 1 1000; do
  case $times in
    1) build=build_refused_once pull=pull_refused_once ;;
    *) build=build_refused pull=pull_refused ;;
  esac
  # both NAME KIND PATTERN… -- ARGUMENT…: a registry for each, as a fault that passes is there for one of them.
  both() {
    local name=$1-$times kind=$2 patterns=()
    shift 2
    while [[ $1 != -- ]]; do
      patterns+=("$1")
      shift
    done
    shift
    serve "$@" --times "$times"
    alone "$name" "$build" "$port" "$kind" "${patterns[@]}"
    serve "$@" --times "$times"
    alone "$name-pulled" "$pull" "$port" "${patterns[@]}"
  }
  both wrong-layer BaseNotFetched 'the registry sent other bytes' -- --fault wrong-digest --target "$layer"
  both wrong-config BaseNotResolved "where ${config#/blobs/} was asked for" -- --fault wrong-digest
  both long-layer BaseNotFetched 'sends more than the [0-9]+ bytes that the manifest says' -- --fault extra-bytes --target "$layer"
  both long-config BaseNotResolved 'the answer is longer than' -- --fault extra-bytes
  both wrong-manifest BaseNotResolved "the registry claims $base_digest and sent sha256:" -- --fault wrong-manifest
  both 401 BaseNotResolved "401 Unauthorized \($failed\)" 'log in with `docker login 127' -- --fault 401 --target /manifests/
  both 404 BaseNotResolved "404 Not Found \($failed\); check the spelling" -- --fault 404 --target /manifests/
  both 404-layer BaseNotFetched "404 Not Found \($failed\)" -- --fault 404 --target "$layer"
  both 429-too-long BaseNotFetched 'asks to wait 1000 s, which is too long' -- --fault 429 --retry-after 1000 --target "$layer"
done
serve --fault 401
alone 401-everywhere refused "$port" BaseNotResolved "401 Unauthorized \($failed\)"
serve --fault 404
alone 404-everywhere refused "$port" BaseNotResolved "404 Not Found \($failed\)"
alone 404-everywhere-pushed push_refused "$port" "404 Not Found \($failed\)"
serve --fault 404 --method POST
alone no-uploads refused_without_tag "$port" "404 Not Found \($failed\)"
serve --fault 429 --retry-after 1000 --method PUT
alone 429-to-a-PUT refused_without_tag "$port" 'asks to wait 1000 s, which is too long'

# Each base has its place, wherever it is named.
other_places() {
  printf 'FROM scratch\nCOPY file /\nCOPY --from=127.0.0.1:%s/library/test /etc/numbers /\n' "$1" >"$work/context/Dockerfile"
  expect_exit 5 build
  says 'Dockerfile:3:13: error: .*\[BaseNotFetched\]'
  rm "$work/context/Dockerfile"
  printf 'app = Image.base("127.0.0.1:%s/library/test").run_commands("true")\n' "$1" >"$work/context/image.strata"
  expect_exit 5 build
  says 'image\.strata:1:7: error: .*\[BaseNotFetched\]'
  nothing_half_done
  ok "the base of COPY --from and of a spec file"
}
serve --fault 404 --target "$layer"
alone other-places other_places "$port"

# Private registries: what helps is said, and helps.
log_in() { printf '{"auths":{"127.0.0.1:%s":{"auth":"%s"}}}\n' "$1" "$(printf '%s' "$2" | base64)" >"$DOCKER_CONFIG/config.json"; }
private() {
  refused "$1" BaseNotResolved '401 Unauthorized' "log in with \`docker login 127\.0\.0\.1:$1\`"
  push_refused "$1" '401 Unauthorized' "log in with \`docker login 127\.0\.0\.1:$1\`"
  rm -rf "$STRATA_HOME"
  log_in "$1" alice:wrong
  refused "$1" BaseNotResolved '401' 'login'
  push_refused "$1" '401' 'login'
  log_in "$1" alice:secret
  quiet build_on "$1"
  as_from_an_honest_one "$1"
  quiet pull "$1"
  says "^$base_digest$"
  push_succeeds "$1"
  ok "${work##*/}: refused without a login and with a wrong one, works with the right one"
}
for auth in basic bearer; do
  serve --auth "$auth"
  alone "$auth" private "$port"
done

joined
