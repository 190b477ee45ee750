FROM scratch
#---- RUN: strata run
#---- STDERR
# strata: error: run: an image, or --step, is required; `strata run --help` lists its options
#---- EXIT: 125
#---- RUN: strata run -it --stepp abcd sh
#---- STDERR
# strata: error: `strata run` has no option `--stepp`; did you mean `--step`?
#---- EXIT: 125
#---- RUN: strata run --step abcd --entrypoint sh
#---- STDERR
# strata: error: --entrypoint excludes --step; `strata run --help` lists its options
#---- EXIT: 125
#---- RUN: strata run --step abc sh
#---- STDERR
# strata: error: step `abc`: at least 4 digits of its digest are needed
#---- EXIT: 125
#---- RUN: strata run --step abcd sh -c --help
#---- STDERR
# strata: error: the store knows of no step `abcd`; `strata plan` lists those of a build, and `strata build` runs what is missing (RUN, COPY, ADD and WORKDIR have a place to start at, until `strata gc` collects it)
#---- EXIT: 125
