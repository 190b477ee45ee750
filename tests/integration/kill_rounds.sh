#!/usr/bin/env bash
# Killed or interrupted at random instants, strata leaves nothing behind and the next build is right.
# Use: kill_rounds.sh, with KILL_ROUNDS (24; before a release 500) and KILL_SEED (a new one each time, printed) to repeat a run.
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
head -c 20000000 /dev/urandom >"$work/context/tree/large"
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
seed=${KILL_SEED:-$RANDOM}
"$support/kill_rounds.py" "$STRATA" "$work" "$registry" "${KILL_ROUNDS:-24}" "$seed" || fail "rounds went wrong (KILL_SEED=$seed)"
ok "${KILL_ROUNDS:-24} rounds"
