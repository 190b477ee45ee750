#!/usr/bin/env bash
# The rest of the command line: help, inspect, dump, opt, run's flags, push and pull, doctor.
source "$(dirname "$0")/../support/lib.sh"
source "$support/registry.sh"
import_bases debian
mkdir "$work/context"
cd "$work/context"
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim
ENV NAME=value
WORKDIR /work
COPY file .
ENTRYPOINT ["/bin/echo"]
CMD ["default"]
DOCKERFILE
echo file >file

for command in '' build plan key dump opt import export pull push inspect run gc doctor version; do
  # shellcheck disable=SC2086
  quiet "$STRATA" $command --help
  says 'Usage'
done
quiet "$STRATA" version
says '^strata [0-9]+\.[0-9]+\.[0-9]+'
ok "--help on every command"

quiet "$STRATA" build --progress plain -t commands:1 .
quiet "$STRATA" inspect --format json commands:1
jq -e . "$work/output" >/dev/null || fail "inspect is not JSON"
says 'NAME=value'
quiet "$STRATA" inspect
says 'commands:1' 'debian:bookworm-slim'
ok "inspect"

quiet "$STRATA" dump ast Dockerfile
quiet "$STRATA" dump ast --format json Dockerfile
jq -e '.instructions | map(.keyword) == ["FROM", "ENV", "WORKDIR", "COPY", "ENTRYPOINT", "CMD"]' "$work/output" >/dev/null ||
  fail "dump ast --format json"
"$STRATA" dump ir Dockerfile >"$work/module.sir"
"$STRATA" opt --verify-each "$work/module.sir" >"$work/optimized.sir"
"$STRATA" opt --verify-each "$work/optimized.sir" | diff "$work/optimized.sir" - || fail "the passes are not idempotent"
quiet "$STRATA" opt --list
says 'drop-unused' 'normalize' 'dedupe'
quiet "$STRATA" plan .
says 'COPY .* /work/' '[0-9a-f]{12}'
ok "dump, opt and plan"

same "$("$STRATA" run commands:1)" "default" "run"
same "$("$STRATA" run commands:1 other words)" "other words" "run with a command"
same "$("$STRATA" run --entrypoint sh commands:1 -c 'echo $NAME $PWD')" "value /work" "run with another entrypoint"
same "$("$STRATA" run -e NAME=other -e MORE=1 --entrypoint sh commands:1 -c 'echo $NAME $MORE')" "other 1" "run -e"
mkdir "$work/volume"
echo shared >"$work/volume/file"
same "$("$STRATA" run --rm -v "$work/volume:/mounted:ro" --entrypoint cat commands:1 /mounted/file)" "shared" "run -v"
expect_exit 1 "$STRATA" run -v "$work/volume:/mounted:ro" --entrypoint touch commands:1 /mounted/new
"$STRATA" run -v "$work/volume:/mounted" --entrypoint touch commands:1 /mounted/new
[[ -e $work/volume/new ]] || fail "run -v is not writable"
expect_exit 42 "$STRATA" run --entrypoint sh commands:1 -c 'exit 42'
same "$(echo piped | "$STRATA" run -i --entrypoint cat commands:1 -)" "piped" "run -i"
"$STRATA" run --entrypoint touch commands:1 /work/kept
expect_exit 1 "$STRATA" run --entrypoint test commands:1 -e /work/kept
same "$("$STRATA" run -u 7:8 -w /tmp --entrypoint sh commands:1 -c 'id -u; id -g; pwd' | tr '\n' ' ')" "7 8 /tmp " "run -u -w"
nothing_left
ok "run: arguments, environment, volumes, exit codes; what it writes is discarded"

quiet script -qec "'$STRATA' run -it --entrypoint sh commands:1 -c 'test -t 0 && test -t 1 && echo a terminal'" /dev/null
says 'a terminal'
ok "run -it"

# What would steer a terminal does not get to one, and is as it was anywhere else.
printf 'FROM scratch\nLABEL x="\033[31mred\302\2330m"\n' >"$work/steering"
"$STRATA" dump ast --format json "$work/steering" >"$work/exact"
grep -q $'\302\233' "$work/exact" || fail "JSON is not exact"
expect_exit 2 script -qec "'$STRATA' dump ast '$work/steering'; '$STRATA' dump ast --format json '$work/steering'; '$STRATA' dump ir '$work/steering'; '$STRATA' build -o - ." /dev/null
! grep -q $'\033\\|\302\233' "$work/output" || fail "a control character got to the terminal"
says 'red.?0m' 'standard output is a terminal'
ok "terminals"

# Proxies of the docker config reach every process, and no key.
printf 'FROM debian:bookworm-slim\nRUN echo "$http_proxy $NO_PROXY" > /proxies\n' >"$work/proxies"
key=$("$STRATA" key -f "$work/proxies" .)
echo '{"proxies":{"default":{"httpProxy":"http://p.invalid:1","noProxy":"a,b"}}}' >"$DOCKER_CONFIG/config.json"
same "$("$STRATA" key -f "$work/proxies" .)" "$key" "the key with a proxy"
quiet "$STRATA" build --progress plain -f "$work/proxies" -t proxies:1 --build-arg NO_PROXY=c .
same "$("$STRATA" run proxies:1 cat /proxies)" "http://p.invalid:1 c" "the proxies of a RUN"
same "$("$STRATA" run -e no_proxy=d proxies:1 sh -c 'echo $HTTP_PROXY $no_proxy')" "http://p.invalid:1 d" "the proxies of run"
! "$STRATA" inspect --format json proxies:1 | grep -q p.invalid || fail "the proxy is in the image"
echo '{}' >"$DOCKER_CONFIG/config.json"
ok "proxies of the docker config"

start_registry
quiet "$STRATA" push commands:1 "$registry/commands:1"
pushed=$(skopeo inspect --tls-verify=false "docker://$registry/commands:1" | jq -r .Digest)
quiet "$STRATA" build --progress plain --digest-file "$work/digest" -o "type=registry,ref=$registry/commands:2" .
same "$pushed" "$(<"$work/digest")" "the pushed digest"
same "$(skopeo inspect --tls-verify=false "docker://$registry/commands:2" | jq -r .Digest)" "$pushed" "-o type=registry"
STRATA_HOME=$work/other quiet "$STRATA" pull "$registry/commands:1"
same "$(STRATA_HOME=$work/other "$STRATA" run "$registry/commands:1" pulled)" pulled "a pulled image"
same "$(STRATA_HOME=$work/other "$STRATA" run "$registry/commands@$pushed" by digest)" "by digest" "an image by digest"
printf 'FROM %s/commands:1\nRUN ["/bin/sh", "-c", "echo on top > /top"]\nENTRYPOINT ["cat", "/top"]\nCMD []\n' "$registry" >"$work/on-top"
STRATA_HOME=$work/third quiet "$STRATA" build --progress plain -f "$work/on-top" -t top:1 .
same "$(STRATA_HOME=$work/third "$STRATA" run top:1)" "on top" "a build on a base that the registry has"
ok "push, -o type=registry, pull, FROM a registry"

quiet "$STRATA" doctor
says 'runc|crun'
quiet "$STRATA" doctor --fsck
ok "doctor"

"$STRATA" build --progress json -t commands:2 --no-cache . >"$work/printed" 2>"$work/events"
if [[ -s $work/events ]]; then events=$work/events; else events=$work/printed; fi
grep '^{' "$events" | jq -es 'length > 1' >/dev/null || fail "progress is not JSON lines"
ok "--progress json"
