FROM scratch
COPY a /a
#---- INPUT: file
#---- FILE: a
content
#---- RUN: mkfifo Dockerfile && strata plan .
#---- STDERR
# strata: error: Dockerfile: is a pipe, not a file
#---- EXIT: 2
#---- RUN: mkfifo pipe && strata plan -f pipe .
#---- STDERR
# strata: error: pipe: is a pipe, not a file
#---- EXIT: 2
#---- RUN: mkfifo image.strata && strata key .
#---- STDERR
# strata: error: image.strata: is a pipe, not a file
#---- EXIT: 2
#---- RUN: strata build -f /dev/zero .
#---- STDERR
# strata: error: /dev/zero: is a device, not a file
#---- EXIT: 2
#---- RUN: mkdir Dockerfile && strata build .
#---- STDERR
# strata: error: Dockerfile: is a directory, not a file
#---- EXIT: 2
#---- RUN: mkfifo .dockerignore && strata plan -f file .
#---- STDERR
# strata: error: .dockerignore: is a pipe, not a file
#---- EXIT: 2
#---- RUN: mkfifo file.dockerignore && strata plan -f file .
#---- STDERR
# strata: error: file.dockerignore: is a pipe, not a file
#---- EXIT: 2
#---- RUN: mkfifo pipe && strata dump ast pipe
#---- STDERR
# strata: error: pipe: is a pipe, not a file
#---- EXIT: 2
#---- RUN: strata opt /dev/zero
#---- STDERR
# strata: error: /dev/zero: is a device, not a file
#---- EXIT: 2
#---- RUN: strata plan -f - . </dev/zero
#---- STDERR
# strata: error: standard input: has more than 67108864 bytes
#---- EXIT: 2
#---- RUN: truncate -s 1T Dockerfile && strata plan .
#---- STDERR
# strata: error: Dockerfile: has more than 67108864 bytes
#---- EXIT: 2
#---- RUN: strata dump ir - <file >piped && strata dump ir file >named && cmp piped named
