FROM alpine AS Base
FROM Base
#---- RUN: strata dump ir input
#---- STDERR
# input:2:6: error: base image `Base` does not resolve: not an image reference [BaseNotResolved]
#     2 | FROM Base
#       |      ^^^^
#   note: did you mean the stage `base`?
#---- EXIT: 2
