ARG BASE=alpine
FROM ${BASE}:3.20
ARG A=1 B=$A-2
ENV C=$B D="$A $C"
ENV A=later
ARG C=over
RUN env
RUN echo $A
#---- RUN: strata dump ir input
# strata.ir 1
# %0 = image platform="linux/amd64" ref="docker.io/library/alpine:3.20"
# %1 = config base=%0 env=["C"="1-2", "D"="1 "]
# %2 = config base=%1 env=["A"="later"]
# %3 = exec args=["/bin/sh", "-c", "env"] cwd="/" env=["A"="later", "B"="1-2", "C"="over", "D"="1 "] root=%0
# %4 = exec args=["/bin/sh", "-c", "echo $A"] cwd="/" env=["A"="later", "B"="1-2", "C"="over", "D"="1 "] root=%3
# @0 = stage "0" config=%2 root=%4
# target "0" platform="linux/amd64" stage=@0
