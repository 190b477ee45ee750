# escape=x
# escape=`
FROM alpine
#---- RUN: strata dump ast input
#---- STDERR
# input:1:10: error: escape character `x` is neither `\` nor a backtick [BadDirective]
#     1 | # escape=x
#       |          ^
# input:2:3: error: directive `escape` is given twice [DuplicateDirective]
#     2 | # escape=`
#       |   ^^^^^^
#---- EXIT: 2
