FROM debian:bookworm-slim
ARG who=world
RUN <<END
echo one > /one
echo two > /two
END
COPY <<greeting <<'literal' /texts/
hello $who
greeting
$who is not replaced
literal
COPY --chmod=0750 --chown=1:2 <<-script /run.sh
	#!/bin/sh
	exit 0
	script
