# SOURCE_DATE_EPOCH as flag, environment variable and build argument: the same key, and the same image.
FROM scratch
COPY a /a
#---- INPUT: Dockerfile
#---- FILE: a
content
#---- FILE: image.strata
edition "2026"
app = Image.scratch().add_local_file("a", "/a", copy=True)
#---- RUN: strata key -f Dockerfile --build-arg SOURCE_DATE_EPOCH=1700000000 . >one; strata key -f Dockerfile --source-date-epoch 1700000000 . | cmp one - && SOURCE_DATE_EPOCH=1700000000 strata key -f Dockerfile . | cmp one - && strata key . --source-date-epoch 1700000000 | cmp one - && strata key . | cmp -s one - || echo same, and not without
# same, and not without
#---- RUN: for n in 1 2 3; do case $n in 1) set -- --build-arg SOURCE_DATE_EPOCH=1700000000;; 2) set -- --source-date-epoch 1700000000;; 3) set --; export SOURCE_DATE_EPOCH=1700000000;; esac; STRATA_HOME=$PWD/store$n strata build -q -f Dockerfile "$@" -o type=tar,dest=root.tar . >digest; tar --utc -tvf root.tar --full-time | grep -o '20.*'; done
# 2023-11-14 22:13:20 a
# 2023-11-14 22:13:20 a
# 2023-11-14 22:13:20 a
#---- RUN: SOURCE_DATE_EPOCH=5 strata key -f Dockerfile --build-arg SOURCE_DATE_EPOCH=7 . >one; strata key -f Dockerfile --source-date-epoch 7 . | cmp one - && echo the command line goes before the environment
# the command line goes before the environment
#---- RUN: SOURCE_DATE_EPOCH= strata key -f Dockerfile . >one; strata key -f Dockerfile . | cmp one - && echo blank is unset
# blank is unset
