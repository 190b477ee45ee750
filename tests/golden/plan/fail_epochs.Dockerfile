FROM scratch
#---- INPUT: Dockerfile
#---- RUN: strata key -f Dockerfile --source-date-epoch 5 --build-arg SOURCE_DATE_EPOCH=7 .
#---- STDERR
# strata: error: --source-date-epoch: `5` and the build argument `7` are not the same time
#---- EXIT: 2
#---- RUN: SOURCE_DATE_EPOCH=today strata key -f Dockerfile .
#---- STDERR
# strata: error: `SOURCE_DATE_EPOCH` is `today`, not a number of seconds [BadEpoch]
#---- EXIT: 2
