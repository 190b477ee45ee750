FROM debian:bookworm-slim
RUN ["/bin/sh", "-c", "echo exec form: $HOME $0 > /exec-form"]
RUN ["touch", "/a b", "/$HOME"]
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN echo "${BASH##*/} $-" | tr -d 'h' > /bash; \
    # a comment between lines
    echo continued >> /bash
RUN echo one \

    two > /joined
USER daemon
RUN echo "$(id -un) $HOME $PWD" > /tmp/who; umask > /tmp/umask; echo "$(hostname >/dev/null; env | cut -d= -f1 | grep -E '^(PATH|HOME|FOO)$' | sort | tr '\n' ' ')" > /tmp/env
