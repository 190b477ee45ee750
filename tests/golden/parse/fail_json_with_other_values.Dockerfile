FROM alpine
CMD ["a", 1, true]
ENTRYPOINT [{"a": ["b"]}]
VOLUME [null]
CMD ["\ud800"]
#---- RUN: strata dump ast input
#---- STDERR
# input:2:11: error: `1` in the exec form is not a string [NonStringArgument]
#     2 | CMD ["a", 1, true]
#       |           ^
# input:2:14: error: `true` in the exec form is not a string [NonStringArgument]
#     2 | CMD ["a", 1, true]
#       |              ^^^^
# input:3:13: error: `{"a": ["b"]}` in the exec form is not a string [NonStringArgument]
#     3 | ENTRYPOINT [{"a": ["b"]}]
#       |             ^^^^^^^^^^^^
# input:4:9: error: `null` in the exec form is not a string [NonStringArgument]
#     4 | VOLUME [null]
#       |         ^^^^
# input:5:6: error: string in the exec form does not decode to UTF-8 text [NonStringArgument]
#     5 | CMD ["\ud800"]
#       |      ^^^^^^^^
#---- EXIT: 2
