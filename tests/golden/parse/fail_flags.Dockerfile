FROM alpine
COPY --from=a --from=b c /d
COPY --from= a /b
COPY --from a /b
COPY --chown="a b /c
ENV --x a=b
COPY --link a /b
ADD --checksum=sha256:0 a /b
RUN --mount=type=cache,target=/x y
#---- RUN: strata dump ast input
#---- STDERR
# input:2:15: error: flag `--from` is given twice [DuplicateFlag]
#     2 | COPY --from=a --from=b c /d
#       |               ^^^^^^^^
#     2 | COPY --from=a --from=b c /d
#       |      -------- first given here
# input:3:6: error: flag `--from` has no value [MissingFlagValue]
#     3 | COPY --from= a /b
#       |      ^^^^^^^
# input:4:6: error: flag `--from` has no value [MissingFlagValue]
#     4 | COPY --from a /b
#       |      ^^^^^^
# input:5:1: error: `COPY` needs at least one source and a destination [MissingArguments]
#     5 | COPY --chown="a b /c
#       | ^^^^
# input:5:14: error: quote " is not closed [UnterminatedQuote]
#     5 | COPY --chown="a b /c
#       |              ^
# input:6:7: error: `--x` is not a flag of `ENV` [UnknownFlag]
#     6 | ENV --x a=b
#       |       ^
# input:7:6: error: flag `--link` of `COPY` is not supported yet [UnsupportedFlag]
#     7 | COPY --link a /b
#       |      ^^^^^^
# input:8:5: error: flag `--checksum` of `ADD` is not supported yet [UnsupportedFlag]
#     8 | ADD --checksum=sha256:0 a /b
#       |     ^^^^^^^^^^^^^^^^^^^
# input:9:5: error: flag `--mount` of `RUN` is not supported yet [UnsupportedFlag]
#     9 | RUN --mount=type=cache,target=/x y
#       |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
#---- EXIT: 2
