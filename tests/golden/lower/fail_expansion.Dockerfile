FROM alpine
ENV a=${b:=c} b=${c
LABEL a='b
USER "x
WORKDIR ${x:?must be set}
ENV a=${a/b} \
    b=${a^^} \
    c=${}
COPY <<E /x
fine
not ${fine
E
#---- RUN: strata dump ir input
#---- STDERR
# input:2:7: error: modifier `:=` of a substitution is not supported [ExpansionFailed]
#     2 | ENV a=${b:=c} b=${c
#       |       ^^^^^
# input:2:17: error: substitution lacks its `}` [ExpansionFailed]
#     2 | ENV a=${b:=c} b=${c
#       |                 ^^^
# input:3:9: error: quote ' is not closed [ExpansionFailed]
#     3 | LABEL a='b
#       |         ^
# input:4:6: error: quote " is not closed [ExpansionFailed]
#     4 | USER "x
#       |      ^
# input:5:9: error: x: must be set [ExpansionFailed]
#     5 | WORKDIR ${x:?must be set}
#       |         ^^^^^^^^^^^^^^^^^
# input:6:7: error: substitution lacks its `/` [ExpansionFailed]
#     6 | ENV a=${a/b} \
#       |       ^^^^^^
# input:7:7: error: modifier `^` of a substitution is not supported [ExpansionFailed]
#     7 |     b=${a^^} \
#       |       ^^^^
# input:8:7: error: substitution names no variable [ExpansionFailed]
#     8 |     c=${}
#       |       ^^^
# input:11:5: error: substitution lacks its `}` [ExpansionFailed]
#    11 | not ${fine
#       |     ^^^^^^
#---- EXIT: 2
