FROM scratch AS builder
LABEL a=b
FROM scratch
LABEL c=d
#---- RUN: STRATA_HOME=$PWD/home strata plan -f input --target bulider .
#---- STDERR
# strata: error: no stage is called `bulider` [UnknownTarget]
#   note: did you mean `builder`?
#---- EXIT: 2
