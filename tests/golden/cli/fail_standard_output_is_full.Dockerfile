FROM scratch
COPY a /a
CMD ["/a"]
#---- INPUT: Dockerfile
#---- FILE: a
content
#---- RUN: strata version >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata --version >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata key --help >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata key . >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata plan --detailed-exitcode . >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata dump ir Dockerfile >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata opt --list >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata build -q -t one . >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata build -q -t one . >out && strata inspect --format json one >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata build -q -t one . >out && strata inspect >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata build -q -t one -o - . >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata gc >/dev/full
#---- STDERR
# strata: error: standard output: no space left on device
#---- EXIT: 1
#---- RUN: strata key . >&-
#---- STDERR
# strata: error: standard output: bad file descriptor
#---- EXIT: 1
