#!/usr/bin/env bash
# What stands on standard output and what does not, and what a user without root is told.
source "$(dirname "$0")/../support/lib.sh"
mkdir "$work/context" "$work/bin"
cd "$work/context"
printf 'FROM scratch\nCOPY Dockerfile /\n' >Dockerfile

# A docker that talks, as docker does.
cat >"$work/bin/docker" <<END
#!/bin/sh
echo "Loaded image: app:latest"
echo "a warning" >&2
echo "\$@" >"$work/arguments"
END
chmod +x "$work/bin/docker"
answer=$(PATH=$work/bin:$PATH "$STRATA" build -q --load -t app . 2>"$work/output")
same "$answer" "$("$STRATA" build -q -t app .)" "the answer of a build that loads"
same "$(<"$work/output")" "a warning" "what a loader says on standard error"
grep -q '^load -q -i ' "$work/arguments" || fail "docker was not asked to load"
ok "the answer is the digest alone"

# A step that must not run: the build fails before.
cat >Dockerfile.slow <<END
FROM scratch
RUN ["/never"]
END
expect_exit 2 "$STRATA" build -f Dockerfile.slow --progress plain --iidfile "$work/none/id" .
says "^strata: error: --iidfile: .*no such file"
expect_exit 2 "$STRATA" build -f Dockerfile.slow --progress plain -o "type=tar,dest=$work/bin" .
says "^strata: error: -o: .* is a directory"
expect_exit 7 env PATH="$work/none" "$STRATA" build -f Dockerfile.slow --progress plain --load .
says "neither docker nor podman"
ok "outputs are checked before the first step"

# The binary and its directory have to be readable by others.
install -m 755 "$STRATA" "$work/strata"
code=0
setpriv --reuid 65534 --regid 65534 --clear-groups env STRATA_HOME="$work/theirs" "$work/strata" doctor >"$work/output" 2>&1 || code=$?
same "$code" 7 "the exit code of doctor without root"
says '^FAILED +user +[a-z]+ \(uid 65534\)$' '^warning +overlay +not tried: mounting takes root, and this is [a-z]+ \(uid 65534\)$' \
  '^(warning|ok) +runtime runc +(.* not tried: it takes root|not installed)$'
! grep -q 'set STRATA_HOME to a directory on ext4' "$work/output" || fail "the file system is blamed"
ok "doctor names the user"
