# nothing here
#---- RUN: strata dump ast input
#---- STDERR
# input:1:1: error: the file has no instructions [EmptyDockerfile]
#     1 | # nothing here
#       | ^
#---- EXIT: 2
