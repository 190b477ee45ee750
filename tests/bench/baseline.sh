#!/usr/bin/env bash
# Two binaries of strata in turn, on the work of the other benchmarks: is one slower than it was?
# Use: tests/bench/baseline.sh OLD [NEW] (default: build/release). Prints medians and NEW/OLD.
# Set REPEAT for other than 5 rounds. Each has a store of its own, since formats change.
new=${2:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/release/driver/strata}
old=${1:?the old binary}
set -- "$new"
source "$(dirname "$0")/common.sh"
repeat=${REPEAT:-5}

STRATA=$old STRATA_HOME=$work/store.old import_bases debian
cp -a "$work/store.old" "$work/base.old"
mv "$work/store.base" "$work/base.new"

files=$work/files runs=$work/runs
mkdir "$files" "$runs"
python3 - "$files" <<'PYTHON'
import os, random, sys
random.seed(2)
for i in range(20000):
    directory = os.path.join(sys.argv[1], "tree", f"{i // 400:02}", f"{i // 25 % 16:02}")
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, f"file{i}.js"), "wb") as file:
        file.write(random.randbytes(1500).hex().encode() * 2)
PYTHON
printf 'FROM debian:bookworm-slim\nCOPY tree /srv/tree\n' >"$files/Dockerfile"
{
  echo "FROM debian:bookworm-slim"
  for i in $(seq 20); do
    echo "RUN mkdir -p /work/$i && seq $((i * 1000)) > /work/$i/numbers && ls /work > /work/$i/seen"
  done
} >"$runs/Dockerfile"

# build WHICH BINARY CONTEXT: from the base alone, again with nothing changed, and its key.
build() {
  export STRATA_HOME=$work/store.$1
  rm -rf "$STRATA_HOME" "$work/out"
  cp -a "$work/base.$1" "$STRATA_HOME"
  local name
  name=$(basename "$3")
  timed "$name-cold-$1" "$2" build --progress plain -o "type=oci,dest=$work/out" "$3"
  timed "$name-noop-$1" "$2" build --progress plain -o "type=oci,dest=$work/out" "$3"
  timed "$name-key-$1" "$2" key "$3"
}

for ((round = 0; round < repeat; round++)); do
  echo "round $((round + 1))"
  for context in "$files" "$runs"; do
    build old "$old" "$context"
    build new "$new" "$context"
  done
done
for what in files-cold files-noop files-key runs-cold runs-noop runs-key; do
  awk -v what="$what" -v old="$(median "$what-old")" -v new="$(median "$what-new")" 'BEGIN {
    printf "%-12s old %.3f s, new %.3f s, new/old %.2f\n", what, old, new, new / old}'
done
