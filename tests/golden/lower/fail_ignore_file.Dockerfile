FROM scratch
COPY . /
#---- FILE: .dockerignore
*.o
[z-
#---- RUN: STRATA_HOME=$PWD/home strata plan -f input .
#---- STDERR
# .dockerignore:2:1: error: pattern `[z-` is malformed [BadIgnorePattern]
#     2 | [z-
#       | ^^^
#---- EXIT: 2
