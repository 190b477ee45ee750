FROM alpine
ARG X=alpine
FROM $X
#---- RUN: strata dump ir input
#---- STDERR
# input:3:6: error: base image `$X` is blank [BlankName]
#     3 | FROM $X
#       |      ^^
#   note: only an `ARG` before the first `FROM` can be used here
#---- EXIT: 2
