FROM scratch
COPY gone /x
ADD a.tar sub/gone /d/
#---- RUN: STRATA_HOME=$PWD/home strata plan -f input .
