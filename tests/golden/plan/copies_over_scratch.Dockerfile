FROM scratch AS files
COPY a /src/
FROM scratch
COPY --from=files /src/a /b
LABEL one=1
#---- INPUT: Dockerfile
#---- FILE: a
content
#---- RUN: strata plan .
#---- RUN: strata plan --format json .
#---- RUN: strata plan --detailed-exitcode . >plan.txt; echo $?
#---- RUN: strata key .
#---- RUN: strata key --steps .
#---- RUN: strata build -q . && strata plan .
#---- RUN: test "$(strata key --preimage "$(strata key .)" . | sha256sum | cut -c1-64)" = "$(strata key . | cut -c8-)" && echo the preimage hashes to the key
