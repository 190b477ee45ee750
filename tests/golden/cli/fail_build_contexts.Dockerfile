FROM mine
#---- INPUT: Dockerfile
#---- RUN: strata key --build-context mine=docker-image://alpine .
#---- STDERR
# strata: error: --build-context: context `mine` is `docker-image://alpine`, and only directories are supported yet
#---- EXIT: 2
#---- RUN: strata key --build-context mine=oci-layout://layout .
#---- STDERR
# strata: error: --build-context: context `mine` is `oci-layout://layout`, and only directories are supported yet
#---- EXIT: 2
#---- RUN: strata key --build-context mine=https://example.org/a.git .
#---- STDERR
# strata: error: --build-context: context `mine` is `https://example.org/a.git`, and only directories are supported yet
#---- EXIT: 2
#---- RUN: strata key --build-context mine=none .
#---- STDERR
# strata: error: --build-context: context `mine` is `none`, which is not a directory
#---- EXIT: 2
#---- RUN: strata key --build-context mine=Dockerfile .
#---- STDERR
# strata: error: --build-context: context `mine` is `Dockerfile`, which is not a directory
#---- EXIT: 2
#---- RUN: strata key --build-context mine .
#---- STDERR
# strata: error: --build-context: `mine` is not of the form NAME=DIRECTORY; write `--build-context mine=./mine`
#---- EXIT: 2
#---- RUN: strata key --build-context Mine=. .
#---- STDERR
# strata: error: --build-context: `Mine` cannot name a context: it could not name an image
#---- EXIT: 2
#---- RUN: strata key --build-context scratch=. .
#---- STDERR
# strata: error: --build-context: `scratch` is reserved and names no context
#---- EXIT: 2
