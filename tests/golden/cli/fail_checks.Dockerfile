# check=error=true
FROM scratch AS a
FROM scratch AS a
#---- INPUT: dockerfile
#---- RUN: strata key .
#---- STDERR
# dockerfile:1:9: error: `error=true` makes errors of the warnings of `DuplicateStageName` [ChecksFailed]
#     1 | # check=error=true
#       |         ^^^^^^^^^^
#   note: `skip=DuplicateStageName` leaves them out
# dockerfile:3:17: warning: stage name `a` is used twice [DuplicateStage]
#     3 | FROM scratch AS a
#       |                 ^
#     2 | FROM scratch AS a
#       |                 - first used here
#---- EXIT: 2
#---- RUN: strata key -f Dockerfile --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=DuplicateStageName . >key && echo a file called dockerfile is found
# a file called dockerfile is found
