# What the benchmarks share; sourced. Use: tests/bench/NAME.sh [STRATA] (default: build/release).
# Each runs strata and buildah in turn, so that a busy machine slows both, and prints medians and
# their ratio. Set REPEAT for other than 3 rounds.
STRATA=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/release/driver/strata}
source "$(dirname "${BASH_SOURCE[0]}")/../support/lib.sh"
source "$support/engines.sh"
repeat=${REPEAT:-3}
import_bases debian
quiet buildah pull -q "oci-archive:$bases_made/debian-bookworm-slim.oci.tar"
quiet buildah tag "$(tail -n 1 "$work/output")" docker.io/library/debian:bookworm-slim
# The store with the base alone: what a cold build starts from. Its unpacked root is not in it.
cp -a "$STRATA_HOME" "$work/store.base"
cold_strata() {
  rm -rf "$STRATA_HOME"
  cp -a "$work/store.base" "$STRATA_HOME"
}
# Whatever was written before is on disk before the clock starts.
settle() { sync; }

# timed NAME COMMAND…: adds the seconds it took to $work/NAME.times.
timed() {
  local name=$1 start end
  shift
  settle
  start=$(date +%s%N)
  "$@" >"$work/output" 2>&1 || fail "exit $? of: $*"
  end=$(date +%s%N)
  awk -v ns=$((end - start)) 'BEGIN {printf "%.3f\n", ns / 1e9}' | tee -a "$work/$name.times" | sed "s/^/  $name: /; s/\$/ s/"
}
median() { sort -n "$work/$1.times" | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }
# compare TITLE OURS THEIRS WANTED: medians, the ratio and the least one wanted.
compare() {
  awk -v title="$1" -v ours="$(median "$2")" -v theirs="$(median "$3")" -v wanted="$4" 'BEGIN {
    printf "%s: strata %.3f s, buildah %.3f s, %.1f times faster (wanted: %s)\n", title, ours, theirs, theirs / ours, wanted}'
}
buildah_to_layout() {
  buildah bud --quiet --isolation oci --runtime "$runc" --network host --pull-never --format oci "${@:3}" -t "$2" "$1" &&
    rm -rf "$work/theirs" && buildah push -q "$2" "oci:$work/theirs:latest"
}
