ARG VERSION=1
FROM scratch
COPY gone-$VERSION /x
#---- RUN: STRATA_HOME=$PWD/home strata plan -f input --build-arg VERSOIN=2 .
#---- STDERR
# input:3:6: error: copy source `gone-` is missing: `gone-` is not in the context [MissingCopySource]
#     3 | COPY gone-$VERSION /x
#       |      ^^^^^^^^^^^^^
# strata: warning: build argument `VERSOIN` is declared by no `ARG` [UnusedBuildArg]
#   note: did you mean `VERSION`?
#---- EXIT: 2
