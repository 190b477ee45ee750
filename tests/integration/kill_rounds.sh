#!/usr/bin/env bash
# Killed or interrupted at random instants, strata leaves nothing behind and the next build is right.
# Use: kill_rounds.sh, with KILL_ROUNDS (10; before a release 500) and KILL_SEED (a new one each time, printed) to repeat a run.
# The suite's share runs on a machine that has other work, so its limit for an exit is wider than the two seconds asked for.

# In memory where there is room: each round makes and removes a store, and nothing here asks what a disk keeps.
if [[ -z ${STRATA_TEST_TMP:-} && $(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1) -gt 3000 ]]; then
  export STRATA_TEST_TMP=/dev/shm
fi
source "$(dirname "$0")/../support/lib.sh"
source "$support/registry.sh"
start_registry
bases_made=$("$support/bases.sh")
ln -s "$bases_made/debian-bookworm-slim.oci.tar" "$work/base.oci.tar"
ln -s "$bases_made/debian-bookworm-slim.tar" "$work/base.tar"
mkdir -p "$work/context/tree"
for i in $(seq 300); do
  seq "$i" "$((i * 20))" >"$work/context/tree/$i"
done
head -c 5000000 /dev/urandom >"$work/context/tree/large"
cat >"$work/context/Dockerfile" <<'DOCKERFILE'
FROM debian:bookworm-slim AS made
ARG NONCE
RUN echo "$NONCE" >/nonce && sleep 0.2 && seq 20000 >/numbers && ln /numbers /linked
RUN (setsid sleep 0.3 &) ; mkdir -p /a/b/c && chmod 0700 /a && rm -r /usr/share/doc
FROM debian:bookworm-slim
ARG NONCE
RUN echo "other $NONCE" >/other && sleep 0.3
COPY tree /srv/tree
COPY --from=made /numbers /linked /nonce /from/
RUN sleep 0.1 && ls /srv /from >/seen
DOCKERFILE
[[ -n ${KILL_ROUNDS:-} ]] || export KILL_LIMIT=8
rounds=${KILL_ROUNDS:-10}
seed=${KILL_SEED:-$RANDOM}
"$support/kill_rounds.py" "$STRATA" "$work" "$registry" "$rounds" "$seed" || fail "rounds went wrong (KILL_SEED=$seed)"
ok "$rounds rounds"
