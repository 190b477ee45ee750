FROM alpine
ENV name=world
COPY <<hello <<'raw' /greetings/
hello $name \$name "quoted"
hello
hello $name
raw
#---- RUN: strata dump ir input
# strata.ir 1
# %0 = image platform="linux/amd64" ref="docker.io/library/alpine:latest"
# %1 = config base=%0 env=["name"="world"]
# %2 = inline files=[{content="hello world $name \"quoted\"\n" mode=420 path="hello"}]
# %3 = inline files=[{content="hello $name\n" mode=420 path="raw"}]
# %4 = copy dest="/greetings/" root=%0 sources=[{path="" tree=%2}, {path="" tree=%3}]
# @0 = stage "0" config=%1 root=%4
# target "0" platform="linux/amd64" stage=@0
