#!/usr/bin/env bash
# Writes the copyright file of the packages: strata's licence, then those of the libraries in the binary.
# Use: notices.sh
set -euo pipefail
cat <<HEAD
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: strata
Comment: the binary contains the libraries whose copyright files follow the first licence.

Files: *
Copyright: the strata authors
License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.

HEAD
for package in libantlr4-runtime-dev libfmt-dev libssl-dev libarchive-dev libzstd-dev libdeflate-dev zlib1g-dev liblzma-dev \
  libbz2-dev nlohmann-json3-dev libcurl4-openssl-dev libnghttp2-dev libcli11-dev libstdc++-12-dev; do
  printf '\n==== %s ====\n\n' "$package"
  cat "/usr/share/doc/$package/copyright"
done
