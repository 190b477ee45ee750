#!/usr/bin/env bash
# A second build runs nothing and says so; a change rebuilds only what depends on it; plan and
# build agree.
source "$(dirname "$0")/../support/lib.sh"
import_bases debian
mkdir -p "$work/context/src"
cd "$work/context"
echo one >src/one
echo two >src/two
echo late >late
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim AS tools
RUN echo tool > /tool
FROM debian:bookworm-slim AS compile
COPY --from=tools /tool /tool
COPY src /src
RUN cat /src/* /tool > /program
FROM debian:bookworm-slim
RUN echo independent > /independent
COPY --from=compile /program /program
COPY late /late
RUN cat /program /late > /result
LABEL version=1
CMD ["cat", "/result"]
DOCKERFILE

# lines: of JSON steps on stdin, STATUS and the line of the Dockerfile for each that makes files.
lines() {
  local status line
  jq -r '.[] | select(.op | IN("exec", "copy", "mkdir", "merge")) | "\(.status) \(.location.line)"' |
    while read -r status line; do
      echo "$status $(sed -n "${line}p" Dockerfile)"
    done
}
plan() { "$STRATA" plan --format json "$@" . | jq .steps | lines; }
# build: the same of what was done.
build() {
  "$STRATA" build --progress plain -t cached:1 --digest-file "$work/digest" --metadata-file "$work/metadata" "$@" . \
    >"$work/output" 2>&1 || fail "exit $? of the build"
  jq '."strata.steps"' "$work/metadata" | lines
}
# ran: what a build runs, after holding plan to its word: a `hit` does not run, a `miss` does, and an
# `unknown` may do either.
ran() {
  plan "$@" >"$work/planned"
  build "$@" >"$work/did"
  same "$(wc -l <"$work/planned")" "$(wc -l <"$work/did")" "the number of steps in plan and build"
  paste -d '\n' "$work/planned" "$work/did" | while read -r planned && read -r did; do
    case ${planned%% *}/${did%% *} in
      hit/ran | miss/hit | miss/skipped) fail "plan said \`$planned\`, build says \`$did\`" ;;
    esac
  done
  { grep '^ran ' "$work/did" || true; } | cut -c5-
}

! plan | grep -q '^hit' || fail "a hit before the first build: $(plan)"
expect_exit 10 "$STRATA" plan --detailed-exitcode .
first=$(ran)
same "$(wc -l <<<"$first")" 8 "the steps of the first build"
first_digest=$(<"$work/digest")
key=$("$STRATA" key .)
[[ $key =~ ^sha256:[0-9a-f]{64}$ ]] || fail "key: $key"
same "$(jq -r '."strata.imageKey"' "$work/metadata")" "$key" "the key that plan and build give"
ok "the first build ran everything"

expect_exit 0 "$STRATA" plan --detailed-exitcode .
! plan | grep -qv '^hit' || fail "not a hit before the second build: $(plan)"
same "$(ran)" "" "what the second build ran"
same "$(<"$work/digest")" "$first_digest" "the digest of the second build"
same "$(jq -r '."strata.skipped"' "$work/metadata")" true "strata.skipped"
quiet "$STRATA" build --progress plain -t cached:1 .
says '(nothing to do|nothing ran|up to date|all cached|0 (steps )?ran|nothing to run)'
ok "the second build ran nothing, and said so"

touch -d 2031-01-01 src/one Dockerfile
printf '# a comment\n\n' | cat - Dockerfile >"$work/Dockerfile" && cp "$work/Dockerfile" Dockerfile
sed -i 's/^CMD \["cat", /CMD ["cat",    /; s/^copy/COPY/; s/^RUN cat \/program/run   cat \/program/' Dockerfile
same "$(ran)" "" "what a touch and another layout of the text run"
ok "times, comments and spacing change nothing"

sed -i 's/version=1/version=2/' Dockerfile
same "$(ran)" "" "what a label runs"
differ "$(<"$work/digest")" "$first_digest" "the digest with another label"
differ "$("$STRATA" key .)" "$key" "the key with another label"
sed -i 's/version=2/version=1/' Dockerfile
same "$(ran)$(<"$work/digest")" "$first_digest" "the label put back"
ok "a label runs nothing"

echo later >late
before=$(plan)
same "$(grep -c '^hit' <<<"$before")" 6 "the hits of the plan after a change at the end"
same "$(ran)" $'COPY late /late\nrun   cat /program /late > /result' "what a change at the end runs"
same "$("$STRATA" run cached:1 | tail -n 1)" later "the image's content"
ok "a change at the end"

echo ONE >src/one
same "$(ran)" $'COPY src /src\nRUN cat /src/* /tool > /program\nCOPY --from=compile /program /program\nCOPY late /late\nrun   cat /program /late > /result' \
  "what a change in the middle runs"
same "$("$STRATA" run cached:1 | head -n 1)" ONE "the image's content"
echo one >src/one
same "$(ran)" "" "what the change taken back runs"
ok "a change in the middle, and back"

# Every digest can be checked by hand.
"$STRATA" key --steps . >"$work/steps"
count=0
while read -r digest _; do
  "$STRATA" key --preimage "$digest" . >"$work/preimage"
  same "sha256:$(sha256sum <"$work/preimage" | cut -d' ' -f1)" "$digest" "the digest of a printed record"
  jq -e . "$work/preimage" >/dev/null || fail "a record is not JSON"
  count=$((count + 1))
done < <(grep -o '^sha256:[0-9a-f]*' "$work/steps" | sort -u)
((count >= 8)) || fail "only $count digests"
ok "sha256sum of a printed record is its digest, $count times"

# A damaged store is a miss, never a wrong answer.
blob_of() { echo "$STRATA_HOME/blobs/sha256/${1#sha256:}"; }
for victim in manifest config layer tree; do
  manifest=$(blob_of "$(<"$work/digest")")
  case $victim in
    manifest) file=$manifest ;;
    config) file=$(blob_of "$(jq -r .config.digest "$manifest")") ;;
    layer) file=$(blob_of "$(jq -r '.layers[-1].digest' "$manifest")") ;;
    tree) file=$(find "$STRATA_HOME/trees" -type f -size -4k | sort | head -n 1) ;;
  esac
  [[ -f $file ]] || fail "no $victim to damage"
  chmod u+w "$file"
  printf x >>"$file"
  # What no build reads is found by the check alone.
  [[ $victim != tree ]] || expect_exit 7 "$STRATA" doctor --fsck
  build >/dev/null
  same "$("$STRATA" run cached:1 | tail -n 1)" later "the image after a damaged $victim"
done
quiet "$STRATA" doctor --fsck
ok "a damaged manifest, config, layer and tree are made again"

# What --no-cache made stays: the newest result counts, in the next build and in all that reads it.
mkdir "$work/fresh"
cat >"$work/fresh/Dockerfile" <<'DOCKERFILE'
FROM debian:bookworm-slim AS first
RUN cat /proc/sys/kernel/random/uuid >/id
FROM first
RUN cp /id /copy
DOCKERFILE
fresh() { quiet "$STRATA" build --progress plain -t fresh:1 "$@" "$work/fresh"; }
id_of() { "$STRATA" run fresh:1 cat "$1"; }
fresh
old=$(id_of /id)
fresh --no-cache
new=$(id_of /id)
differ "$new" "$old" "what --no-cache made"
fresh
same "$(id_of /id)" "$new" "the build after --no-cache"
fresh --no-cache --target first
newest=$(id_of /id)
fresh
same "$(id_of /copy)" "$newest" "the build after another target was refreshed"
ok "a refresh stays"

# Two builds at once share the work, and both are right.
echo "for both" >late
"$STRATA" build --progress plain -t both:1 --digest-file "$work/d1" . >"$work/o1" 2>&1 &
pid=$!
quiet "$STRATA" build --progress plain -t both:2 --digest-file "$work/d2" .
wait "$pid" || fail "the other build: $(<"$work/o1")"
same "$(<"$work/d1")" "$(<"$work/d2")" "the digests of two builds at once"
ok "two builds at once"

# What gc keeps is whole, and what it removes is only a miss.
quiet "$STRATA" gc --keep-bytes 0
same "$("$STRATA" run both:1 | tail -n 1)" "for both" "the image after gc"
quiet "$STRATA" doctor --fsck
quiet "$STRATA" build --progress plain -t both:3 --digest-file "$work/d3" .
same "$(<"$work/d3")" "$(<"$work/d1")" "the digest after gc"
ok "gc"
