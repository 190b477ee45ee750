# A named context is a base, a source of copies, and in the place of a stage.
FROM mine AS base
FROM nowhere AS deps
RUN this is replaced
FROM base
COPY --from=docker.io/library/mine:latest sub/* /picked/
COPY --from=deps . /deps/
#---- INPUT: Dockerfile
#---- FILE: one/.dockerignore
*.log
#---- FILE: one/a
a of one
#---- FILE: one/b.log
#---- FILE: one/sub/c
c of one
#---- FILE: two/d
d of two
#---- FILE: image.strata
edition "2026"
app = Image.base("mine").dockerfile_commands("COPY --from=mine sub /picked/")
#---- FILE: one/same
the same
#---- FILE: two/elsewhere/same
the same
#---- FILE: Same
FROM scratch
COPY --from=mine same /a
COPY --from=deps elsewhere/same /b
#---- RUN: strata build -q -f Same --build-context mine=one --build-context deps=two -o type=local,dest=out . >digest && cat out/a out/b
# the same
# the same
#---- RUN: strata build -q -f Dockerfile --build-context mine=one --build-context deps=two -o type=local,dest=out . >digest && cd out && find . -type f | sort && cat a deps/d
# ./.dockerignore
# ./a
# ./deps/d
# ./deps/elsewhere/same
# ./picked/c
# ./same
# ./sub/c
# a of one
# d of two
#---- RUN: strata build -q --build-context mine=one -o type=local,dest=out . >digest && cd out && find . -type f | sort
# ./.dockerignore
# ./a
# ./picked/c
# ./same
# ./sub/c
#---- RUN: strata key -f Dockerfile --build-context mine=one --build-context deps=two . >key; echo new >one/b.log; strata key -f Dockerfile --build-context mine=one --build-context deps=two . | cmp key - && echo same; echo new >one/a; strata key -f Dockerfile --build-context mine=one --build-context deps=two . | cmp -s key - || echo its content counts
# same
# its content counts
#---- RUN: strata build -q --build-context mine=one --build-context min=two . >digest
#---- STDERR
# strata: warning: build context `min` is neither a base nor copied from [UnusedBuildContext]
