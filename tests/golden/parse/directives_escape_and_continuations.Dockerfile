# syntax=docker/dockerfile:1
# escape=`
# check=skip=all

FROM alpine
RUN one `
  # a comment inside
  two `
  three\four
USER me
#---- RUN: strata dump ast input
# directive syntax="docker/dockerfile:1" 1:10-1:29
# directive escape="`" 2:10-2:11
# directive check="skip=all" 3:9-3:17
# FROM shell 5:1-5:12
#   arg "alpine" 5:6-5:12
# RUN shell 6:1-9:13
#   arg "one   two   three\\four" 6:5-9:13
# USER shell 10:1-10:8
#   arg "me" 10:6-10:8
