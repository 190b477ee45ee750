FROM --platform=a/b/c/d alpine
#---- RUN: strata dump ir input
#---- STDERR
# input:1:17: error: platform `a/b/c/d` is not of the form `os/arch` [BadPlatform]
#     1 | FROM --platform=a/b/c/d alpine
#       |                 ^^^^^^^
#---- EXIT: 2
