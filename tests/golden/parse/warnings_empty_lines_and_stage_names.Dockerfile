FROM alpine AS a
RUN one \

  two
FROM alpine AS A
#---- RUN: strata dump ast input
# FROM shell 1:1-1:17
#   arg "alpine" 1:6-1:12
#   arg "AS" 1:13-1:15
#   arg "a" 1:16-1:17
# RUN shell 2:1-4:6
#   arg "one   two" 2:5-4:6
# FROM shell 5:1-5:17
#   arg "alpine" 5:6-5:12
#   arg "AS" 5:13-5:15
#   arg "A" 5:16-5:17
#---- STDERR
# input:3:1: warning: empty line inside a continued instruction [EmptyContinuation]
#     3 | 
#       | ^
#   note: remove it: what follows still belongs to the instruction above
# input:5:16: warning: stage name `a` is used twice [DuplicateStage]
#     5 | FROM alpine AS A
#       |                ^
#     1 | FROM alpine AS a
#       |                - first used here
