#!/usr/bin/env bash
# Builds the libraries that Debian has only as shared ones, or only with much that strata never uses, as static ones
# for the packages (`cmake --preset package`): curl with HTTP alone, and fmt.
# Their text is Debian's own source package, with Debian's patches, from the archive that apt is set up for.
# Only libNAME.a is taken: the headers are those of Debian's binary packages, of the same version.
# Use: static_libraries.sh PREFIX      nothing is done for what PREFIX has already, of the version that Debian has today
set -euo pipefail
[[ $# == 1 && $1 == /* ]] || { echo "Use: static_libraries.sh PREFIX (an absolute path)" >&2; exit 2; }
prefix=$1
mkdir -p "$prefix"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in dpkg-source cmake ninja; do
  command -v "$tool" >/dev/null || { echo "static_libraries.sh: needs $tool: tests/support/install.sh package" >&2; exit 7; }
done

# The binary packages' sources, asked for their source packages: apt's own settings stay as they are.
mkdir -p "$work/sources" "$work/lists/partial" "$work/cache/archives/partial"
shopt -s nullglob
for file in /etc/apt/sources.list.d/*.sources; do
  # A foreign archive in the machine's configuration has no part in this.
  if grep -q '^Components:.*\bmain\b' "$file" && grep -q 'debian-archive-keyring' "$file"; then
    sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/sources/${file##*/}"
  fi
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [[ -f $file ]] || continue
  sed -n 's/^deb \(.*\bbookworm\b.*\|.*\bbookworm-.*\)\bmain\b.*/deb-src \1main/p' "$file" |
    grep -v -- '-backports' >"$work/sources/$(basename "$file" .list).list" || true
done
apt=(-q -o APT::Sandbox::User=root -o Acquire::Retries=3 -o Dir::Etc::sourcelist=/dev/null
  -o "Dir::Etc::sourceparts=$work/sources" -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache")

# The version of the shared library is the version of its source.
version_of() { dpkg-query -W -f='${source:Version}' "$1"; }
# fetch SOURCE VERSION: unpacks it as $work/SOURCE.
updated=no
fetch() {
  if [[ $updated == no ]]; then
    apt-get "${apt[@]}" update >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 5; }
    updated=yes
  fi
  (cd "$work" && apt-get "${apt[@]}" source --download-only "$1=$2" >"$work/log" 2>&1) || { cat "$work/log" >&2; exit 5; }
  dpkg-source --no-check -x "$work/$1"_*.dsc "$work/$1" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}
# built SOURCE VERSION CMAKE-OPTION…: configures, builds and installs $work/SOURCE.
built() {
  local source=$1 version=$2
  shift 2
  cmake -S "$work/$source" -B "$work/build-$source" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DCMAKE_C_FLAGS="-ffile-prefix-map=$work=." -DCMAKE_CXX_FLAGS="-ffile-prefix-map=$work=." "$@" >"$work/log" 2>&1 &&
    cmake --build "$work/build-$source" >"$work/log" 2>&1 || { tail -n 60 "$work/log" >&2; exit 1; }
  find "$work/build-$source" -name 'lib*.a' -exec cp {} "$prefix/" \;
  cp "$work/$source/debian/copyright" "$prefix/$source.copyright"
  echo "$version" >"$prefix/$source.version"
}
is_there() { [[ $(cat "$prefix/$1.version" 2>/dev/null) == "$2" ]]; }

curl=$(version_of libcurl4-openssl-dev)
if ! is_there curl "$curl"; then
  fetch curl "$curl"
  built curl "$curl" -DBUILD_CURL_EXE=OFF -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBPSL=OFF \
    -DUSE_LIBIDN2=OFF -DUSE_NGHTTP2=ON -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DCURL_DISABLE_LDAP=ON -DCURL_USE_GSSAPI=OFF \
    -DENABLE_MANUAL=OFF -DBUILD_TESTING=OFF -DOPENSSL_USE_STATIC_LIBS=ON \
    -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt -DCURL_CA_PATH=/etc/ssl/certs
fi
fmt=$(version_of libfmt-dev)
if ! is_there fmtlib "$fmt"; then
  fetch fmtlib "$fmt"
  built fmtlib "$fmt" -DFMT_TEST=OFF -DFMT_DOC=OFF
fi
