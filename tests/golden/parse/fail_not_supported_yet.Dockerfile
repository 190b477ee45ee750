FROM alpine
MAINTAINER me
ONBUILD RUN x
RUN --network=none x
#---- RUN: strata dump ast input
#---- STDERR
# input:2:1: error: instruction `MAINTAINER` is not supported yet [UnsupportedInstruction]
#     2 | MAINTAINER me
#       | ^^^^^^^^^^
#   note: `LABEL org.opencontainers.image.authors=` is its successor
# input:3:1: error: instruction `ONBUILD` is not supported yet [UnsupportedInstruction]
#     3 | ONBUILD RUN x
#       | ^^^^^^^
# input:4:5: error: flag `--network` of `RUN` is not supported yet [UnsupportedFlag]
#     4 | RUN --network=none x
#       |     ^^^^^^^^^^^^^^
#---- EXIT: 2
