#!/usr/bin/env bash
# 20,000 small files (about 130 MB) copied onto a base, to an OCI layout: cold, and again with
# nothing changed.
source "$(dirname "$0")/common.sh"
mkdir "$work/context"
python3 - "$work/context" <<'PYTHON'
import os, random, sys
random.seed(2)
words = [bytes(random.choices(b"abcdefghijklmnopqrstuvwxyz", k=random.randint(2, 9))) for _ in range(4000)]
total = 0
for i in range(20000):
    directory = os.path.join(sys.argv[1], "tree", f"package{i // 400:02}", f"module{i // 25 % 16:02}")
    os.makedirs(directory, exist_ok=True)
    size = int(random.lognormvariate(8.2, 1.0)) % 60000 + 200
    data = b""
    while len(data) < size:
        data += b" ".join(random.choices(words, k=12)) + b";\n"
    total += len(data)
    with open(os.path.join(directory, f"file{i}.js"), "wb") as file:
        file.write(data)
print(f"20000 files, {total / 1e6:.0f} MB")
PYTHON
printf 'FROM debian:bookworm-slim\nCOPY tree /srv/tree\n' >"$work/context/Dockerfile"

for ((round = 0; round < repeat; round++)); do
  echo "round $((round + 1))"
  cold_strata
  rm -rf "$work/ours"
  timed strata-cold "$STRATA" build --progress plain -o "type=oci,dest=$work/ours" "$work/context"
  buildah rmi -f case:files >/dev/null 2>&1 || true
  timed buildah-cold buildah_to_layout "$work/context" case:files --layers=true --no-cache
  timed strata-warm "$STRATA" build --progress plain -o "type=oci,dest=$work/ours" "$work/context"
  timed buildah-warm buildah_to_layout "$work/context" case:files --layers=true
done
quiet "$support/flatten.py" compare "$work/ours" "$work/theirs" "$support/../integration/dockerfiles/common.differences"
echo "both images have the same files"
compare "cold" strata-cold buildah-cold 4
compare "no-op" strata-warm buildah-warm 20
