# A docker-registry on a free loopback port; sourced after lib.sh.
# start_registry: sets $registry to 127.0.0.1:PORT; it ends with the test.
start_registry() {
  local port pid try
  for try in 1 2 3 4 5; do
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir -p "$work/registry"
    cat >"$work/registry.yml" <<CONFIG
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: $work/registry}
  delete: {enabled: true}
http: {addr: "127.0.0.1:$port"}
CONFIG
    docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
    pid=$!
    at_exit "kill $pid 2>/dev/null; wait $pid 2>/dev/null"
    for _ in $(seq 50); do
      if curl -s -o /dev/null --noproxy '*' "http://127.0.0.1:$port/v2/"; then
        registry=127.0.0.1:$port
        return 0
      fi
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
  done
  cat "$work/registry.log" >&2
  fail "docker-registry did not start"
}
