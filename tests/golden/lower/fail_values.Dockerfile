FROM alpine
EXPOSE 80x 70000 90-80 80/ip
HEALTHCHECK --interval=5 --timeout=1us --retries=-1 CMD x
STOPSIGNAL SIGNOPE
COPY --chmod=0888 a /b
COPY --chmod=u+x a /b
COPY --chown=:g a /b
VOLUME ''
ENV "$UNSET"=x
ADD https://example.org/x /x
COPY http://example.org/x /x
#---- RUN: strata dump ir input
#---- STDERR
# input:2:8: error: port `80x` is not a number from 0 to 65535 or a range of them [BadPort]
#     2 | EXPOSE 80x 70000 90-80 80/ip
#       |        ^^^
# input:2:12: error: port `70000` is not a number from 0 to 65535 or a range of them [BadPort]
#     2 | EXPOSE 80x 70000 90-80 80/ip
#       |            ^^^^^
# input:2:18: error: port `90-80` is not a number from 0 to 65535 or a range of them [BadPort]
#     2 | EXPOSE 80x 70000 90-80 80/ip
#       |                  ^^^^^
# input:2:24: error: port `80/ip` has a protocol other than `tcp`, `udp`, `sctp` [BadPort]
#     2 | EXPOSE 80x 70000 90-80 80/ip
#       |                        ^^^^^
# input:3:24: error: `5` is not a duration such as `1m30s` of 0 or at least 1ms [BadDuration]
#     3 | HEALTHCHECK --interval=5 --timeout=1us --retries=-1 CMD x
#       |                        ^
# input:3:36: error: `1us` is not a duration such as `1m30s` of 0 or at least 1ms [BadDuration]
#     3 | HEALTHCHECK --interval=5 --timeout=1us --retries=-1 CMD x
#       |                                    ^^^
# input:3:50: error: `-1` is not a number of retries [BadRetries]
#     3 | HEALTHCHECK --interval=5 --timeout=1us --retries=-1 CMD x
#       |                                                  ^^
# input:4:12: error: `SIGNOPE` is neither a signal's name nor its number [BadSignal]
#     4 | STOPSIGNAL SIGNOPE
#       |            ^^^^^^^
# input:5:14: error: mode `0888` is not an octal number of at most 7777 [BadMode]
#     5 | COPY --chmod=0888 a /b
#       |              ^^^^
# input:6:14: error: symbolic mode `u+x` of `--chmod` is not supported yet [UnsupportedFlag]
#     6 | COPY --chmod=u+x a /b
#       |              ^^^
# input:7:14: error: owner `:g` is not of the form `user[:group]` [BadOwner]
#     7 | COPY --chown=:g a /b
#       |              ^^
# input:8:8: error: volume path is blank [BlankName]
#     8 | VOLUME ''
#       |        ^^
# input:9:5: error: name in `ENV` is blank [BlankName]
#     9 | ENV "$UNSET"=x
#       |     ^^^^^^^^
# input:10:5: error: remote source `https://example.org/x` is not supported yet [UnsupportedSource]
#    10 | ADD https://example.org/x /x
#       |     ^^^^^^^^^^^^^^^^^^^^^
# input:11:6: error: `COPY` cannot fetch `http://example.org/x` [UnsupportedSource]
#    11 | COPY http://example.org/x /x
#       |      ^^^^^^^^^^^^^^^^^^^^
#   note: `ADD` takes URLs, `COPY` takes files of the build context
#---- EXIT: 2
