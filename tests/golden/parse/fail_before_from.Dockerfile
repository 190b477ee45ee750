ARG x=1
RUN echo
ENV a=b
FROM alpine
#---- RUN: strata dump ast input
#---- STDERR
# input:2:1: error: `RUN` stands before the first `FROM` [InstructionBeforeFrom]
#     2 | RUN echo
#       | ^^^
#   note: only `ARG` may stand there
# input:3:1: error: `ENV` stands before the first `FROM` [InstructionBeforeFrom]
#     3 | ENV a=b
#       | ^^^
#   note: only `ARG` may stand there
#---- EXIT: 2
