FROM alpine AS one
FROM one AS middle
COPY --from=last /a /a
COPY --from=1 /a /a
COPY --from=9 /a /a
COPY --from=$X /a /a
COPY --from=Middel /a /a
FROM middle AS last
#---- RUN: strata dump ir input
#---- STDERR
# input:3:13: error: stage `last` is not complete where it is copied from [StageNotDefinedYet]
#     3 | COPY --from=last /a /a
#       |             ^^^^
#     8 | FROM middle AS last
#       | ------------------- the stage begins here
# input:4:13: error: stage `1` is not complete where it is copied from [StageNotDefinedYet]
#     4 | COPY --from=1 /a /a
#       |             ^
#     2 | FROM one AS middle
#       | ------------------ the stage begins here
# input:5:13: error: the file has no stage number `9` [UnknownStage]
#     5 | COPY --from=9 /a /a
#       |             ^
#   note: it has 3, counted from 0
# input:6:13: error: `--from` takes no variables or quotes [VariableInFrom]
#     6 | COPY --from=$X /a /a
#       |             ^^
#   note: name a stage `FROM ${…} AS name`, and copy from that
# input:7:13: error: base image `Middel` does not resolve: not an image reference [BaseNotResolved]
#     7 | COPY --from=Middel /a /a
#       |             ^^^^^^
#   note: did you mean the stage `middle`?
#---- EXIT: 2
