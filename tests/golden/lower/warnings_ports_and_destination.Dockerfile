FROM alpine
EXPOSE 127.0.0.1:80:8080
COPY a b /c
#---- RUN: strata dump ir input
# strata.ir 1
# %0 = image platform="linux/amd64" ref="docker.io/library/alpine:latest"
# %1 = config base=%0 ports=["8080/tcp"]
# %2 = local source="a"
# %3 = local source="b"
# %4 = copy dest="/c" root=%0 sources=[{path="" tree=%2}, {path="" tree=%3}]
# @0 = stage "0" config=%1 root=%4
# target "0" platform="linux/amd64" stage=@0
#---- STDERR
# input:2:8: warning: host part of `127.0.0.1:80:8080` has no effect in `EXPOSE` [ExposeHostPart]
#     2 | EXPOSE 127.0.0.1:80:8080
#       |        ^^^^^^^^^^^^^^^^^
#   note: `strata run` and `docker run` take it with `-p`
# input:3:1: warning: several sources are copied to `/c`, which does not end in `/` [DestinationNotDirectory]
#     3 | COPY a b /c
#       | ^^^^^^^^^^^
#   note: end it in `/` to say that it is a directory
