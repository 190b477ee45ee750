FROM alpine AS base
FROM alpine
WORKDIR /w
COPY a b sub/
COPY ./x//y/ ../z
COPY *.c .
ADD --chown=app:app --chmod=0750 t.tar.gz /opt/.
COPY --from=base /etc/pass* /e/
COPY --from=0 . /all
COPY --from=debian:12 /x /x
COPY ["a b", "/c d"]
#---- RUN: strata dump ir input
# strata.ir 1
# %0 = image platform="linux/amd64" ref="docker.io/library/alpine:latest"
# %1 = image platform="linux/amd64" ref="docker.io/library/alpine:latest"
# %2 = config base=%1 workdir="/w"
# %3 = mkdir path="/w" root=%1
# %4 = local source="a"
# %5 = local source="b"
# %6 = copy dest="/w/sub/" root=%3 sources=[{path="" tree=%4}, {path="" tree=%5}]
# %7 = local source="x/y"
# %8 = copy dest="/z" root=%6 sources=[{path="" tree=%7}]
# %9 = local source="*.c"
# %10 = copy dest="/w/" root=%8 sources=[{path="" tree=%9}]
# %11 = local source="t.tar.gz"
# %12 = copy dest="/opt/" mode="0750" owner="app:app" root=%10 sources=[{path="" tree=%11}] unpack=true
# %13 = copy dest="/e/" root=%12 sources=[{path="/etc/pass*" tree=%0}]
# %14 = copy dest="/all" root=%13 sources=[{path="/" tree=%0}]
# %15 = image platform="linux/amd64" ref="docker.io/library/debian:12"
# %16 = copy dest="/x" root=%14 sources=[{path="/x" tree=%15}]
# %17 = local source="a b"
# %18 = copy dest="/c d" root=%16 sources=[{path="" tree=%17}]
# @0 = stage "base" config=%0 root=%0
# @1 = stage "1" config=%2 root=%18
# target "1" platform="linux/amd64" stage=@1
