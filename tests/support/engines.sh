# podman, buildah and dockerd with stores of their own in $work; sourced after lib.sh.
# Each with runc: crun refuses hosts with both cgroup versions mounted.
runc=$(command -v runc || echo /usr/sbin/runc)

# podman takes a run root of 50 characters at most.
runroot=$(mktemp -d /tmp/sr.XXXXXX)
at_exit 'rm -rf "$runroot"'
containers=(--root "$work/containers" --runroot "$runroot" --storage-driver overlay)
podman() { command podman "${containers[@]}" --runtime "$runc" --cgroup-manager cgroupfs "$@"; }
# Low limits: raising them needs a privilege that a test machine may not have.
podman_run() { podman run --rm --network host --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$@"; }
buildah() { command buildah "${containers[@]}" "$@"; }
# buildah_build CONTEXT NAME [OPTION…]
buildah_build() {
  local context=$1 name=$2
  shift 2
  # Docker has MKNOD and NET_RAW in its default capabilities; buildah has not.
  buildah bud --quiet --isolation oci --runtime "$runc" --network host --cap-add MKNOD --cap-add NET_RAW --pull-never --layers=false \
    --format docker -t "$name" "$@" "$context"
}
at_exit 'umount -l "$work/containers/overlay" 2>/dev/null'

# start_dockerd: `docker` then talks to a daemon of this test's own.
start_dockerd() {
  local pid
  mkdir -p "$work/dockerd"
  # A short path: a socket's name has at most 107 bytes.
  dockerd --iptables=false --bridge=none --data-root "$work/dockerd/data" --exec-root "$work/dockerd/exec" \
    --pidfile "$work/dockerd/pid" -H "unix://$work/d.sock" >"$work/dockerd/log" 2>&1 &
  pid=$!
  at_exit "kill $pid 2>/dev/null; wait $pid 2>/dev/null"
  for _ in $(seq 150); do
    ! docker version >/dev/null 2>&1 || return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  cat "$work/dockerd/log" >&2
  fail "dockerd did not start"
}
docker() { command docker -H "unix://$work/d.sock" "$@"; }
