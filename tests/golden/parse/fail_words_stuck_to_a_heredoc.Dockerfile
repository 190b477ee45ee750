FROM alpine
COPY <<"a b"<c /d
a b
#---- RUN: strata dump ast input
#---- STDERR
# input:2:1: error: `COPY` needs at least one source and a destination [MissingArguments]
#     2 | COPY <<"a b"<c /d
#       | ^^^^
# input:2:13: error: unexpected `<c` [SyntaxError]
#     2 | COPY <<"a b"<c /d
#       |             ^^
#---- EXIT: 2
