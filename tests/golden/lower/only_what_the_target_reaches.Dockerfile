FROM nowhere/unused
RUN never
FROM alpine AS used
RUN once
FROM used
RUN twice
#---- RUN: strata dump ir input
# strata.ir 1
# %0 = image platform="linux/amd64" ref="docker.io/library/alpine:latest"
# %1 = exec args=["/bin/sh", "-c", "once"] cwd="/" root=%0
# %2 = exec args=["/bin/sh", "-c", "twice"] cwd="/" root=%1
# @0 = stage "used" config=%0 root=%1
# @1 = stage "2" config=%0 root=%2
# target "2" platform="linux/amd64" stage=@1
