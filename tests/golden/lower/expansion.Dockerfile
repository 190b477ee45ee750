FROM alpine
ARG V=v1.2.3.tar.gz U
ENV a=${V#v} b=${V##*.} c=${V%.*} d=${V%%.*} e=${V/./-} f=${V//./-}
ENV g=${U:-none} h=${U-unset} i=${V:+set} j='$V' k="\$V" l=\$V
LABEL "$V.x"=${U:-"a b"}
WORKDIR /x/$V
USER ${U:-1000}
ARG P="80 443"
EXPOSE $P/udp
#---- RUN: strata dump ir input
# strata.ir 1
# %0 = image platform="linux/amd64" ref="docker.io/library/alpine:latest"
# %1 = config base=%0 env=["a"="1.2.3.tar.gz", "b"="gz", "c"="v1.2.3.tar", "d"="v1", "e"="v1-2.3.tar.gz", "f"="v1-2-3-tar-gz"]
# %2 = config base=%1 env=["g"="none", "h"="unset", "i"="set", "j"="$V", "k"="$V", "l"="$V"]
# %3 = config base=%2 labels=["v1.2.3.tar.gz.x"="a b"]
# %4 = config base=%3 workdir="/x/v1.2.3.tar.gz"
# %5 = mkdir path="/x/v1.2.3.tar.gz" root=%0
# %6 = config base=%4 user="1000"
# %7 = config base=%6 ports=["80/tcp", "443/udp"]
# @0 = stage "0" config=%7 root=%5
# target "0" platform="linux/amd64" stage=@0
