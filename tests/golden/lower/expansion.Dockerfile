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
