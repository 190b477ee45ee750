FROM scratch
COPY a[z- b /x/
#---- RUN: STRATA_HOME=$PWD/home strata plan -f input .
#---- STDERR
# input:2:6: error: copy source `a[z-` cannot be selected: pattern `a[z-` is malformed [BadSourcePattern]
#     2 | COPY a[z- b /x/
#       |      ^^^^
# input:2:11: error: copy source `b` is missing: `b` is not in the context [MissingCopySource]
#     2 | COPY a[z- b /x/
#       |           ^
#---- EXIT: 2
