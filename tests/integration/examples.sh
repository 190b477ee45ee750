#!/usr/bin/env bash
# Every example builds, and its image prints what its file `expected` says.
source "$(dirname "$0")/../support/lib.sh"
examples=$(cd "$(dirname "$0")/../../examples" && pwd)
import_bases debian python

count=0
for directory in "$examples"/*/; do
  name=$(basename "$directory")
  [[ -f $directory/expected ]] || fail "the example $name has no file \`expected\`"
  quiet "$STRATA" build --progress plain -t "examples/$name" "$directory"
  "$STRATA" run "examples/$name" >"$work/printed" 2>"$work/output" || fail "exit $? of running $name"
  diff "$directory/expected" "$work/printed" || fail "$name prints something else"
  ok "$name"
  count=$((count + 1))
done
((count >= 8)) || fail "only $count examples"

# The same stage graph, one target of it: what the target does not reach is not built.
expect_exit 4 "$STRATA" build --progress plain --target unused "$examples/stages"
says 'never wanted' 'Dockerfile:10:1'
quiet "$STRATA" build -t stages/data --target data -o "type=local,dest=$work/data" "$examples/stages"
same "$(cat "$work/data/data/words" | tr '\n' ' ')" "one three two " "the files of the target data"
ok "a target"

# Build arguments change what depends on them.
quiet "$STRATA" build -t arguments/2 --build-arg version=2.0 --build-arg flavour=sweet "$examples/arguments"
same "$("$STRATA" run arguments/2)" "2.0 sweet '/opt/app-2.0'" "the image with other arguments"
ok "build arguments"
