FROM scratch
CMD ["/a"]
#---- INPUT: Dockerfile
#---- FILE: odd/Dockerfile.dev
FROM scratch
#---- FILE: other/a
content
#---- RUN: strata build Dockerfile
#---- STDERR
# strata: error: `Dockerfile` is a file, and a context is a directory; to build that file: -f Dockerfile .
#---- EXIT: 2
#---- RUN: strata plan -f Dockerfile odd/Dockerfile.dev
#---- STDERR
# strata: error: `odd/Dockerfile.dev` is a file, and a context is a directory
#---- EXIT: 2
#---- RUN: strata key nowhere
#---- STDERR
# strata: error: `nowhere`: there is no such directory
#---- EXIT: 2
#---- RUN: tar -cf context.tar other && strata build context.tar
#---- STDERR
# strata: error: `context.tar` is an archive, and a context is a directory: mkdir DIRECTORY && tar -xf context.tar -C DIRECTORY && strata build DIRECTORY
#---- EXIT: 2
#---- RUN: strata build https://github.com/a/b.git#main
#---- STDERR
# strata: error: `https://github.com/a/b.git#main` is a URL, and a context is a directory yet: git clone https://github.com/a/b.git DIRECTORY && strata build DIRECTORY
#---- EXIT: 2
#---- RUN: strata build github.com/a/b
#---- STDERR
# strata: error: `github.com/a/b` is a URL, and a context is a directory yet: git clone https://github.com/a/b DIRECTORY && strata build DIRECTORY
#---- EXIT: 2
#---- RUN: strata build http://example.org/context.tar.gz
#---- STDERR
# strata: error: `http://example.org/context.tar.gz` is a URL, and a context is a directory yet: mkdir DIRECTORY && curl -L http://example.org/context.tar.gz | tar -xz -C DIRECTORY && strata build DIRECTORY
#---- EXIT: 2
#---- RUN: mkdir empty && strata build empty
#---- STDERR
# strata: error: `empty` is an empty directory: there is nothing to build
#---- EXIT: 2
#---- RUN: strata build odd
#---- STDERR
# strata: error: odd: there is no image.strata, Dockerfile or Containerfile here; did you mean `-f odd/Dockerfile.dev`?
#---- EXIT: 2
#---- RUN: strata build other
#---- STDERR
# strata: error: other: there is no image.strata, Dockerfile or Containerfile here; name the file with -f
#---- EXIT: 2
#---- RUN: strata build -f Dockerfile - <Dockerfile
#---- STDERR
# strata: error: a context on standard input is not supported yet, and a Dockerfile there is `strata build -` without -f
#---- EXIT: 2
#---- RUN: tar -c other | strata build -
#---- STDERR
# strata: error: standard input is an archive, and a context is a directory: mkdir DIRECTORY && tar -x -C DIRECTORY && strata build DIRECTORY
#---- EXIT: 2
#---- RUN: tar -cz other | strata plan -
#---- STDERR
# strata: error: standard input is an archive, and a context is a directory: mkdir DIRECTORY && tar -x -C DIRECTORY && strata build DIRECTORY
#---- EXIT: 2
#---- RUN: strata build -q - <Dockerfile >piped && mkdir copy && cp Dockerfile copy && strata build -q copy | cmp - piped
