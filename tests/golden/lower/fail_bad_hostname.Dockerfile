FROM scratch
RUN true
#---- RUN: STRATA_HOME=$PWD/home strata plan -f input --build-arg 'BUILDKIT_SANDBOX_HOSTNAME=a b' .
#---- STDERR
# strata: error: `BUILDKIT_SANDBOX_HOSTNAME` is `a b`, not a host name [BadHostname]
#   note: it has at most 64 letters, digits, `-`, `_` and `.`
#---- EXIT: 2
