#!/usr/bin/env bash
# Makes the base images of the tests and examples where no registry has them: a Debian 12 root, and
# one with Python 3.11 and pip, from this machine's own package sources, with its package settings
# (proxies, certificates, package index) in them so that apt-get and pip work in a RUN.
#
# Leaves in ${STRATA_TEST_CACHE:-~/.cache/strata-tests}, and prints that directory's name:
#   debian-bookworm-slim.tar        python-3.11-slim-bookworm.tar        root file systems
#   debian-bookworm-slim.oci.tar    python-3.11-slim-bookworm.oci.tar    the same as OCI archives
# Nothing is done when they are there and their inputs are unchanged. Several may run at once.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${STRATA_TEST_CACHE:-${HOME:-/root}/.cache/strata-tests}
# One moment for all that is made here, so that a rebuild from the same packages has the same bytes.
export SOURCE_DATE_EPOCH=1735689600
suite=bookworm

mkdir -p "$cache"
exec 9>"$cache/bases.lock"
flock 9

# --- What the machine is set up with --------------------------------------------------------------
# Only Debian's own suites: a third party's repository would tie the base to this machine.
sources=$(apt-get indextargets --no-release-info --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  grep -E "^deb [^ ]+ $suite(-updates|-security)? main$" | awk '!seen[$0]++' || true)
[[ -n $sources ]] || { echo "bases.sh: no package source for $suite on this machine" >&2; exit 7; }

apt_settings=$(apt-config dump |
  grep -E '^Acquire::(Check-|Retries|(http|https|ftp)(::[^ ]*)?::(Proxy|CAInfo|CaInfo|Verify-|Timeout))' || true)
[[ -z ${http_proxy:-} ]] || apt_settings+=$'\n'"Acquire::http::Proxy \"$http_proxy\";"
[[ -z ${https_proxy:-} ]] || apt_settings+=$'\n'"Acquire::https::Proxy \"$https_proxy\";"

bundle=${PIP_CERT:-${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}}
[[ -r $bundle ]] || bundle=
bundle_in_base=/etc/ssl/machine-ca.pem
if [[ -n $bundle ]] && grep -q 'https:' <<<"$sources"; then
  apt_settings+=$'\n'"Acquire::https::CAInfo \"$bundle_in_base\";"
fi

# pip's settings from its files and environment, less those that name files of this machine.
pip_settings() {
  command -v python3 >/dev/null && python3 -m pip config list 2>/dev/null |
    sed -nE "s/^(global|install|:env:)\.(index-url|extra-index-url|trusted-host|proxy|default-timeout|timeout|retries)='(.*)'\$/\2 = \3/p" |
    sed 's/^default-timeout/timeout/' | awk -F' = ' '!seen[$1]++'
  [[ -z $bundle ]] || echo "cert = $bundle_in_base"
}
pip_conf=$(echo "[global]"; pip_settings; echo "disable-pip-version-check = true"; echo "root-user-action = ignore")

wanted=$({ cat "$0" "$here/oci_archive.py"; echo "$sources $apt_settings $pip_conf"
  [[ -z $bundle ]] || cat "$bundle"; } | sha256sum | cut -d' ' -f1)
names=(debian-bookworm-slim python-3.11-slim-bookworm)
fresh() {
  [[ -f $cache/bases.inputs && $(<"$cache/bases.inputs") == "$wanted" ]] || return 1
  for name in "${names[@]}"; do
    [[ -f $cache/$name.tar && -f $cache/$name.oci.tar ]] || return 1
  done
}
if fresh; then
  echo "$cache"
  exit 0
fi

# --- Making them ----------------------------------------------------------------------------------
rm -f "$cache/bases.inputs"
work=$(mktemp -d "${TMPDIR:-/tmp}/strata-bases.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
printf '%s\n' "$sources" >"$work/sources.list"
printf '%s\n' "$pip_conf" >"$work/pip.conf"
{
  printf '%s\n' "$apt_settings"
  # As Debian's own container images are set up.
  echo 'Acquire::GzipIndexes "true";'
  echo 'Acquire::Languages "none";'
  echo 'Apt::AutoRemove::SuggestsImportant "false";'
} >"$work/apt.conf"
[[ -z $bundle ]] || cp "$bundle" "$work/bundle.pem"

cat >"$work/clean" <<'CLEAN'
#!/bin/sh
# What differs from run to run, or is of no use in an image.
set -eu
root=$1
rm -rf "$root"/var/log/apt/* "$root"/var/log/*.log "$root"/var/cache/ldconfig/aux-cache \
  "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old "$root"/etc/*-
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
: >"$root/etc/machine-id"
if [ -f "$(dirname "$0")/bundle.pem" ]; then
  install -D -m 644 "$(dirname "$0")/bundle.pem" "$root/etc/ssl/machine-ca.pem"
fi
CLEAN
cat >"$work/python" <<'PYTHON'
#!/bin/sh
# Debian's Python behaves as the one of Docker Hub's python images: `python`, `pip` and installing
# into the system work.
set -eu
root=$1
rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED
ln -sf /usr/bin/python3 "$root/usr/local/bin/python"
ln -sf /usr/bin/python3 "$root/usr/local/bin/python3"
install -m 644 "$(dirname "$0")/pip.conf" "$root/etc/pip.conf"
PYTHON
chmod +x "$work/clean" "$work/python"

keyring=(/usr/share/keyrings/debian-archive-keyring.gpg)
[[ -r ${keyring[0]} ]] && keyring=("--keyring=${keyring[0]}") || keyring=()
make_root() {
  local out=$1
  shift
  mmdebstrap --quiet --variant=minbase --aptopt="$work/apt.conf" "${keyring[@]}" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' --dpkgopt='path-exclude=/usr/share/lintian/*' \
    --skip=output/dev "$@" --customize-hook="$work/clean \"\$1\"" \
    "$suite" "$out" "$work/sources.list" >"$out.log" 2>&1 || { tail -n 40 "$out.log" >&2; return 1; }
  # An empty /dev, as images have it: mmdebstrap writes all its nodes or nothing.
  tar --append -f "$out" -C "$work/empty" --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=755 ./dev
}
mkdir -p "$work/empty/dev"
echo "making the base images in $cache (once; takes a few minutes)" >&2
make_root "$work/${names[0]}.tar"
make_root "$work/${names[1]}.tar" --include=python3,python3-pip,ca-certificates,netbase,tzdata \
  --customize-hook="$work/python \"\$1\""
python_version=$(tar -xOf "$work/${names[1]}.tar" ./var/lib/dpkg/status |
  sed -n '/^Package: python3.11$/,/^$/s/^Version: \([0-9.]*\).*/\1/p' | head -n 1)

path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
python3 "$here/oci_archive.py" "$work/${names[0]}.tar" "$work/${names[0]}.oci.tar" "$SOURCE_DATE_EPOCH" \
  docker.io/library/debian:bookworm-slim "{\"Env\":[\"PATH=$path\"],\"Cmd\":[\"bash\"]}"
python3 "$here/oci_archive.py" "$work/${names[1]}.tar" "$work/${names[1]}.oci.tar" "$SOURCE_DATE_EPOCH" \
  docker.io/library/python:3.11-slim-bookworm \
  "{\"Env\":[\"PATH=/usr/local/bin:$path\",\"LANG=C.UTF-8\",\"PYTHON_VERSION=$python_version\"],\"Cmd\":[\"python3\"]}"
for name in "${names[@]}"; do
  for file in "$name.tar" "$name.oci.tar"; do
    cp "$work/$file" "$cache/.$file.new"
    mv "$cache/.$file.new" "$cache/$file"
  done
done
echo "$wanted" >"$cache/bases.inputs"
echo "$cache"
