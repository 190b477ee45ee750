#!/usr/bin/env bash
# Runs clang-tidy on the .cpp files in the tree, two at a time, and fails on any finding.
# Use: tidy.sh BUILD_DIRECTORY [FILE…]
# A file whose text, included files of ours and configuration are as at its last clean run is not
# looked at again: a warm run takes seconds. TIDY_SECONDS bounds a cold one (half an hour): what was
# changed last is looked at first, and what there was no time for is counted.
set -euo pipefail
build=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/../.."
cache=${STRATA_TEST_CACHE:-${HOME:-/root}/.cache/strata-tests}/tidy
mkdir -p "$cache"
version=$(clang-tidy --version | sed -n 's/.*version //p')

files=("$@")
[[ ${#files[@]} -gt 0 ]] ||
  mapfile -t files < <({ git log -n 300 --name-only --format= -- '*.cpp'; git ls-files '*.cpp'; } | awk '!seen[$0]++' |
    while IFS= read -r file; do [[ ! -f $file ]] || echo "$file"; done)

# The key of a file's state: what ninja knows it includes, within this tree.
declare -A included
object=
while IFS= read -r line; do
  case $line in
    *': #deps'*) object= ;;
    '    '*)
      path=${line#    }
      [[ $path == /* ]] || path=$build/$path
      [[ -n $object ]] || { object=$path; continue; }
      [[ $path != "$PWD"/* ]] || included[$object]+="$path"$'\n'
      ;;
  esac
done < <(ninja -C "$build" -t deps)

key_of() {
  { echo "$version"; cat .clang-tidy "$1"; printf '%s' "${included[$PWD/$1]:-}" | sort -u | tr '\n' '\0' | xargs -0 -r cat; } |
    sha256sum | cut -d' ' -f1
}

todo=()
for file in "${files[@]}"; do
  key=$(key_of "$file")
  [[ -e $cache/$key ]] || todo+=("$file" "$key")
done
echo "$((${#todo[@]} / 2)) of ${#files[@]} files to check"
[[ ${#todo[@]} -gt 0 ]] || exit 0

deadline=$(($(date +%s) + ${TIDY_SECONDS:-86400}))
left=$(mktemp)
trap 'rm -f "$left"' EXIT
check() {
  local out
  if (($(date +%s) > $5)); then
    echo "$3" >>"$6"
  elif out=$(clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p "$1" "$3" 2>/dev/null); then
    touch "$2/$4"
  else
    printf '%s\n' "$out"
    return 1
  fi
}
export -f check
printf '%s\0' "${todo[@]}" | xargs -0 -n 2 -P "$(nproc)" \
  bash -c 'check "$1" "$2" "$5" "$6" "$3" "$4"' check "$build" "$cache" "$deadline" "$left"
[[ ! -s $left ]] || echo "clang-tidy: no time for $(wc -l <"$left") of them"
