#!/usr/bin/env bash
# 20 RUN steps, each in a root of its own, to an OCI layout.
source "$(dirname "$0")/common.sh"
mkdir "$work/context"
{
  echo "FROM debian:bookworm-slim"
  for i in $(seq 20); do
    echo "RUN mkdir -p /work/$i && seq $((i * 1000)) > /work/$i/numbers && ls /work > /work/$i/seen"
  done
} >"$work/context/Dockerfile"

for ((round = 0; round < repeat; round++)); do
  echo "round $((round + 1))"
  cold_strata
  rm -rf "$work/ours"
  timed strata-runs "$STRATA" build --progress plain -o "type=oci,dest=$work/ours" "$work/context"
  # Layers, as strata has them: each step is cached.
  buildah rmi -f case:runs >/dev/null 2>&1 || true
  timed buildah-runs buildah_to_layout "$work/context" case:runs --layers=true --no-cache
done
compare "20 RUN steps" strata-runs buildah-runs 2
