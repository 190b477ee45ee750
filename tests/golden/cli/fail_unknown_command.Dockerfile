FROM scratch
#---- RUN: strata buld .
#---- STDERR
# strata: error: there is no command `buld`; did you mean `build`?
#---- EXIT: 2
#---- RUN: strata build --tagg x .
#---- STDERR
# strata: error: `strata build` has no option `--tagg`; did you mean `--tag`?
#---- EXIT: 2
#---- RUN: strata build -o type=zip,dest=x .
#---- STDERR
# strata: error: -o: type `zip` is not oci, oci-archive, docker, tar, local or registry
#---- EXIT: 2
#---- RUN: strata build -t BadName .
#---- STDERR
# strata: error: `BadName` is not an image reference
#---- EXIT: 2
#---- RUN: strata build nowhere
#---- STDERR
# strata: error: `nowhere`: there is no such directory
#---- EXIT: 2
#---- RUN: strata inspect nothing
#---- STDERR
# strata: error: there is no image `nothing` in the store
#---- EXIT: 2
