ARG x=1
RUN echo
#---- RUN: strata dump ast input
#---- STDERR
# input:1:1: error: the file has no `FROM` [NoStages]
#     1 | ARG x=1
#       | ^^^
#   note: `FROM IMAGE` begins a stage; `FROM scratch` an empty one
#---- EXIT: 2
