FROM scratch
COPY a /a
CMD ["/a"]
#---- INPUT: Dockerfile
#---- FILE: a
content
#---- RUN: strata build -q -t one .
# sha256:53aaa1ada8f6e23e3d42abd75ce02046d55bf98033d1ca56d340af4c8d5bde9e
#---- RUN: strata build -q --no-cache -t two . && strata build -q --jobs 1 -t three .
# sha256:53aaa1ada8f6e23e3d42abd75ce02046d55bf98033d1ca56d340af4c8d5bde9e
# sha256:53aaa1ada8f6e23e3d42abd75ce02046d55bf98033d1ca56d340af4c8d5bde9e
#---- RUN: strata build -q -t one . && strata inspect && strata inspect one
# sha256:53aaa1ada8f6e23e3d42abd75ce02046d55bf98033d1ca56d340af4c8d5bde9e
# 53aaa1ada8f6  docker.io/library/one:latest
# manifest    sha256:53aaa1ada8f6e23e3d42abd75ce02046d55bf98033d1ca56d340af4c8d5bde9e
# config      sha256:e4b99718382cb6db5194b91608f63668f9c84e905a0a676d2887679b93c0e013
# platform    linux/amd64
# cmd         /a
# layer 0     f8feb9300d38  95 B
# history     COPY local:1b973b8a3e10 /a
# history     (no layer) CMD ["/a"]
#---- RUN: strata build -q -t one --iidfile id --digest-file digest --metadata-file meta . >out && cmp -n 71 out digest && cat id && echo && grep -o 'strata[.][a-zA-Z]*' meta
# sha256:e4b99718382cb6db5194b91608f63668f9c84e905a0a676d2887679b93c0e013
# strata.imageKey
# strata.skipped
# strata.steps
# strata.runSpec
