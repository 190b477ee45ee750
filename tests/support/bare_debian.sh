#!/usr/bin/env bash
# Proves the two commands on a bare Debian 12: makes a root with mmdebstrap (minbase plus git), puts
# a clone of this repository in it, and runs them in a chroot with mount and PID namespaces of its
# own. The machine's package sources, certificates and package settings are passed in, nothing else.
# Use: bare_debian.sh [quickstart|tests|all|shell]     (default: all)
#   BARE_DEBIAN   the root's directory (default: /var/tmp/strata-bare, made anew)
#   BARE_KEEP=1   use the root that is there; leave it there
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
what=${1:-all}
root=${BARE_DEBIAN:-/var/tmp/strata-bare}
[[ $(id -u) == 0 ]] || exec sudo -E bash "$0" "$@"
"$here/install.sh" base

if [[ -z ${BARE_KEEP:-} || ! -d $root/usr ]]; then
  # Not with another file system mounted in it.
  rm -rf --one-file-system "$root"
  mkdir -p "$root"
  sources=$(mktemp)
  apt-get indextargets --no-release-info --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    grep -E '^deb [^ ]+ bookworm(-updates|-security)? main$' | awk '!seen[$0]++' >"$sources"
  settings=$(mktemp)
  apt-config dump | grep -E '^Acquire::(Check-|Retries|(http|https|ftp)(::[^ ]*)?::(Proxy|CAInfo|CaInfo|Verify-|Timeout))' >"$settings" || true
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mmdebstrap --quiet --variant=minbase --include=git,ca-certificates --aptopt="$settings" \
    ${keyring:+--keyring=$keyring} bookworm "$root" "$sources"
  rm -f "$sources" "$settings"
  # What the machine is set up with: its certificates and its package index.
  if [[ -d /usr/local/share/ca-certificates ]]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
    chroot "$root" update-ca-certificates >/dev/null 2>&1 || true
  fi
  [[ ! -f /etc/pip.conf ]] || cp /etc/pip.conf "$root/etc/pip.conf"
  cp --remove-destination -L /etc/resolv.conf /etc/hosts "$root/etc/"
fi
rm -rf "$root/root/strata"
git clone -q "$repository" "$root/root/strata"

commands=
case $what in
  quickstart) commands="./examples/quickstart.sh" ;;
  tests) commands="./tests/run.sh" ;;
  all) commands="./examples/quickstart.sh && ./tests/run.sh" ;;
  shell) commands="exec bash -i" ;;
  *) echo "bare_debian.sh: quickstart, tests, all or shell" >&2 && exit 2 ;;
esac

# The environment is clean but for what names package indexes, certificates and proxies.
keep=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}")
while IFS= read -r -d '' variable; do
  case ${variable%%=*} in
    PIP_FIND_LINKS) ;;
    PIP_* | *_proxy | *_PROXY | SSL_CERT_FILE | SSL_CERT_DIR | REQUESTS_CA_BUNDLE | CURL_CA_BUNDLE) keep+=("$variable") ;;
  esac
done </proc/self/environ

export root commands
# Everything mounted below is in the new mount namespace and ends with it.
exec unshare --mount --pid --fork --kill-child --propagation private bash -euc '
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  exec env -i "$@" chroot "$root" bash -c "cd /root/strata && $commands"
' _ "${keep[@]}"
