ARG VERSION=1
FROM scratch
COPY gone-$VERSION /x
#---- RUN: STRATA_HOME=$PWD/home strata plan -f input --build-arg VERSOIN=2 .
