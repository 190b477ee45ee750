FROM alpine
RUN echo "$HOME"
RUN ["printf", "$HOME"]
SHELL ["/bin/bash", "-euc"]
RUN <<EOF
set -x
true
EOF
RUN <<EOF
#!/usr/bin/env python3
print(1)
EOF
RUN cat <<-A - > /f
	a
	A
#---- RUN: strata dump ir input
# strata.ir 1
# %0 = image platform="linux/amd64" ref="docker.io/library/alpine:latest"
# %1 = exec args=["/bin/sh", "-c", "echo \"$HOME\""] cwd="/" root=%0
# %2 = exec args=["printf", "$HOME"] cwd="/" root=%1
# %3 = config base=%0 shell=["/bin/bash", "-euc"]
# %4 = exec args=["/bin/bash", "-euc", "set -x\ntrue\n"] cwd="/" root=%2
# %5 = inline files=[{content="#!/usr/bin/env python3\nprint(1)\n" mode=493 path="EOF"}]
# %6 = exec args=["/bin/bash", "-euc", "/dev/pipes/EOF"] cwd="/" mounts=[{path="" source=%5 target="/dev/pipes"}] root=%4
# %7 = exec args=["/bin/bash", "-euc", "cat <<-A - > /f\n\ta\nA"] cwd="/" root=%6
# @0 = stage "0" config=%3 root=%7
# target "0" platform="linux/amd64" stage=@0
