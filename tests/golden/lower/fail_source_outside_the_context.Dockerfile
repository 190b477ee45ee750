FROM alpine
COPY ../secret /x
COPY a/../../b c /d/
COPY /../inside /e
#---- RUN: strata dump ir input
#---- STDERR
# input:2:6: error: copy source `../secret` leaves the build context [SourceOutsideContext]
#     2 | COPY ../secret /x
#       |      ^^^^^^^^^
#   note: only files below the context directory can be copied
# input:3:6: error: copy source `a/../../b` leaves the build context [SourceOutsideContext]
#     3 | COPY a/../../b c /d/
#       |      ^^^^^^^^^
#   note: only files below the context directory can be copied
# input:4:6: error: copy source `/../inside` leaves the build context [SourceOutsideContext]
#     4 | COPY /../inside /e
#       |      ^^^^^^^^^^
#   note: only files below the context directory can be copied
#---- EXIT: 2
