FROM scratch
COPY a /a
CMD ["/a"]
#---- INPUT: Dockerfile
#---- FILE: a
content
#---- RUN: strata build -q -t one .
# sha256:08c588db59b940ef1ad5e303f840ed2ff5e47159f5893454f92bd12f694a4105
#---- RUN: strata build -q --no-cache -t two . && strata build -q --jobs 1 -t three .
# sha256:08c588db59b940ef1ad5e303f840ed2ff5e47159f5893454f92bd12f694a4105
# sha256:08c588db59b940ef1ad5e303f840ed2ff5e47159f5893454f92bd12f694a4105
#---- RUN: strata build -q -t one . && strata inspect && strata inspect one
# sha256:08c588db59b940ef1ad5e303f840ed2ff5e47159f5893454f92bd12f694a4105
# 08c588db59b9  docker.io/library/one:latest
# manifest    sha256:08c588db59b940ef1ad5e303f840ed2ff5e47159f5893454f92bd12f694a4105
# config      sha256:a453b055217f50332bf0564e18fb0e439a31b1db4b301ab50557ff2a2c875a70
# platform    linux/amd64
# cmd         /a
# workdir     /
# env         PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# layer 0     f8feb9300d38  95 B
# history     COPY local:1b973b8a3e10 /a
# history     (no layer) CMD ["/a"]
#---- RUN: strata build -q -t one --iidfile id --digest-file digest --metadata-file meta . >out && cmp -n 71 out digest && cat id && echo && grep -o 'strata[.][a-zA-Z]*' meta
# sha256:a453b055217f50332bf0564e18fb0e439a31b1db4b301ab50557ff2a2c875a70
# strata.imageKey
# strata.skipped
# strata.steps
# strata.runSpec
