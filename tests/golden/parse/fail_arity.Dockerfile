FROM
FROM a b
FROM alpine AS
FROM alpine AS 1x
RUN
COPY a
ADD a
CMD
ENV
ENV a=b c
ENV =x
LABEL
ARG
EXPOSE
USER
WORKDIR
VOLUME
STOPSIGNAL
SHELL /bin/sh
SHELL []
HEALTHCHECK
HEALTHCHECK CMDD x
HEALTHCHECK NONE x
HEALTHCHECK CMD
COPY <<E
E
#---- RUN: strata dump ast input
#---- STDERR
# input:1:1: error: `FROM` needs an image [MissingArguments]
#     1 | FROM
#       | ^^^^
# input:2:8: error: `FROM` takes an image, or an image, `AS` and a name [MalformedFrom]
#     2 | FROM a b
#       |        ^
# input:3:13: error: `FROM` takes an image, or an image, `AS` and a name [MalformedFrom]
#     3 | FROM alpine AS
#       |             ^^
# input:4:16: error: stage name `1x` is not a letter followed by letters, digits, `-`, `_`, `.` [BadStageName]
#     4 | FROM alpine AS 1x
#       |                ^^
# input:5:1: error: `RUN` needs an argument [MissingArguments]
#     5 | RUN
#       | ^^^
# input:6:1: error: `COPY` needs at least one source and a destination [MissingArguments]
#     6 | COPY a
#       | ^^^^
# input:7:1: error: `ADD` needs at least one source and a destination [MissingArguments]
#     7 | ADD a
#       | ^^^
# input:8:1: error: `CMD` needs an argument [MissingArguments]
#     8 | CMD
#       | ^^^
# input:9:1: error: `ENV` needs `key=value` [MissingArguments]
#     9 | ENV
#       | ^^^
# input:10:9: error: `c` is not of the form `key=value` [ExpectedKeyValue]
#    10 | ENV a=b c
#       |         ^
# input:11:5: error: name in `ENV` is blank [BlankName]
#    11 | ENV =x
#       |     ^^
# input:12:1: error: `LABEL` needs `key=value` [MissingArguments]
#    12 | LABEL
#       | ^^^^^
# input:13:1: error: `ARG` needs a name [MissingArguments]
#    13 | ARG
#       | ^^^
# input:14:1: error: `EXPOSE` needs an argument [MissingArguments]
#    14 | EXPOSE
#       | ^^^^^^
# input:15:1: error: `USER` needs an argument [MissingArguments]
#    15 | USER
#       | ^^^^
# input:16:1: error: `WORKDIR` needs an argument [MissingArguments]
#    16 | WORKDIR
#       | ^^^^^^^
# input:17:1: error: `VOLUME` needs an argument [MissingArguments]
#    17 | VOLUME
#       | ^^^^^^
# input:18:1: error: `STOPSIGNAL` needs an argument [MissingArguments]
#    18 | STOPSIGNAL
#       | ^^^^^^^^^^
# input:19:7: error: `SHELL` takes a JSON array of strings, `["/bin/sh", "-c"]` [ExpectedExecForm]
#    19 | SHELL /bin/sh
#       |       ^^^^^^^
# input:20:1: error: `SHELL` needs at least one string [MissingArguments]
#    20 | SHELL []
#       | ^^^^^
# input:21:1: error: `HEALTHCHECK` needs `CMD` or `NONE` [MissingArguments]
#    21 | HEALTHCHECK
#       | ^^^^^^^^^^^
# input:22:13: error: `CMDD` is neither `CMD` nor `NONE` [UnknownHealthcheck]
#    22 | HEALTHCHECK CMDD x
#       |             ^^^^ did you mean `CMD`?
# input:23:18: error: `HEALTHCHECK NONE` takes no arguments [TooManyArguments]
#    23 | HEALTHCHECK NONE x
#       |                  ^
# input:24:13: error: `HEALTHCHECK CMD` needs a command [MissingArguments]
#    24 | HEALTHCHECK CMD
#       |             ^^^
# input:25:1: error: `COPY` needs at least one source and a destination [MissingArguments]
#    25 | COPY <<E
#       | ^^^^
#---- EXIT: 2
