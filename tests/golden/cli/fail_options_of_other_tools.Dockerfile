FROM scratch
#---- INPUT: Dockerfile
#---- RUN: strata build --dockerfile Dockerfile .
#---- STDERR
# strata: error: `strata build` has no option `--dockerfile`; did you mean `--file`?
#---- EXIT: 2
#---- RUN: strata build --destination=app .
#---- STDERR
# strata: error: `strata build` has no option `--destination`; did you mean `--tag`?
#---- EXIT: 2
#---- RUN: strata plan --timestamp 0 .
#---- STDERR
# strata: error: `strata plan` has no option `--timestamp`; did you mean `--source-date-epoch`?
#---- EXIT: 2
#---- RUN: strata key --destination app .
#---- STDERR
# strata: error: `strata key` has no option `--destination`; `strata key --help` lists its options
#---- EXIT: 2
#---- RUN: strata build --secret id=a .
#---- STDERR
# strata: error: `strata build` has no option `--secret`; secrets and SSH agents in a RUN are not supported yet
#---- EXIT: 2
#---- RUN: strata build --cache-from type=gha .
#---- STDERR
# strata: error: `strata build` has no option `--cache-from`; shared caches are not supported yet; $STRATA_HOME keeps each step
#---- EXIT: 2
#---- RUN: strata build --squash .
#---- STDERR
# strata: error: `strata build` has no option `--squash`; `-o type=tar` is the image's files in one
#---- EXIT: 2
#---- RUN: strata inspect --output json a
#---- STDERR
# strata: error: `strata inspect` has no option `--output`; did you mean `--format`?
#---- EXIT: 2
#---- RUN: strata build -X .
#---- STDERR
# strata: error: `strata build` has no option `-X`; `strata build --help` lists its options
#---- EXIT: 2
#---- RUN: strata build . other
#---- STDERR
# strata: error: `other` is one argument too many; `strata build --help` lists what it takes
#---- EXIT: 2
#---- RUN: strata build --progress jsn .
#---- STDERR
# strata: error: --progress: `jsn` is not auto, tty, plain, json or quiet; did you mean `json`?
#---- EXIT: 2
#---- RUN: strata build --message-format xml .
#---- STDERR
# strata: error: --message-format: `xml` is not text or json
#---- EXIT: 2
#---- RUN: strata plan --format yaml .
#---- STDERR
# strata: error: --format: `yaml` is not text or json
#---- EXIT: 2
#---- RUN: strata dump tree Dockerfile
#---- STDERR
# strata: error: what: `tree` is not ast, ir or plan
#---- EXIT: 2
#---- RUN: strata build -o type=zip,dest=a .
#---- STDERR
# strata: error: -o: type `zip` is not oci, oci-archive, docker, tar, local or registry
#---- EXIT: 2
#---- RUN: strata plan --format JSON . | cut -c 1-12
# {"version":1
