ARG SOURCE_DATE_EPOCH=yesterday
FROM scratch
#---- RUN: strata dump ir input
#---- STDERR
# input:1:23: error: `SOURCE_DATE_EPOCH` is `yesterday`, not a number of seconds [BadEpoch]
#     1 | ARG SOURCE_DATE_EPOCH=yesterday
#       |                       ^^^^^^^^^
#---- EXIT: 2
