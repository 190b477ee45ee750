FROM scratch AS files
COPY a /src/
FROM scratch
COPY --from=files /src/a /b
LABEL one=1
#---- INPUT: Dockerfile
#---- FILE: a
content
#---- RUN: strata plan .
#   STATUS   DIGEST        STAGE           INSTRUCTION
#   hit      34b92ed06534  files           FROM scratch
#   hit      7adf5c65092a  files           a
#   miss     56c54921c8c7  files           COPY a /src/  (no stored result of this digest)
#   miss     82428fc4ac36  1               COPY --from=files /src/a /b  (no stored result of this digest)
# image 1 (linux/amd64): key sha256:64ada720f1d97af3eaf51cd52cd4490de1f1b3596f9d1afe1f4b78d84a825f63
# plan: 0 cached, 2 to run, 0 unknown
#---- RUN: strata plan --format json .
# {"version":1,"images":[{"target":"1","platform":"linux/amd64","imageKey":"sha256:64ada720f1d97af3eaf51cd52cd4490de1f1b3596f9d1afe1f4b78d84a825f63","steps":[0,1,2,3,4]}],"steps":[{"index":0,"stage":"files","platform":"linux/amd64","digest":"sha256:34b92ed06534f8fac280625ebca047c40fedff2262f5c044aca568ca3db4bf40","op":"scratch","instruction":"FROM scratch","location":{"file":"Dockerfile","line":1,"column":1},"also":[{"file":"Dockerfile","line":3,"column":1}],"status":"hit","reason":"source"},{"index":1,"stage":"files","platform":"linux/amd64","digest":"sha256:7adf5c65092a2622990313f33f0bc250e02169796abc58721d58b3e67e8d6e01","op":"local","instruction":"a","location":{"file":"Dockerfile","line":2,"column":6},"status":"hit","reason":"source"},{"index":2,"stage":"files","platform":"linux/amd64","digest":"sha256:56c54921c8c7ada5e08903608ec397f34249a11fbc9e857175868ca0e7f27459","op":"copy","instruction":"COPY a /src/","location":{"file":"Dockerfile","line":2,"column":1},"status":"miss","reason":"no stored result of this digest"},{"index":3,"stage":"1","platform":"linux/amd64","digest":"sha256:82428fc4ac363a63f4c3e97212cd99db84226e9a150962ba2692bddf9a0cc504","op":"copy","instruction":"COPY --from=files /src/a /b","location":{"file":"Dockerfile","line":4,"column":1},"status":"miss","reason":"no stored result of this digest"},{"index":4,"stage":"1","platform":"linux/amd64","digest":"sha256:8c691559667099146430e7003ef2ebd1bfb19598b55a07b1aea872e274fc9abe","op":"config","instruction":"LABEL one=1","location":{"file":"Dockerfile","line":5,"column":1},"status":"hit","reason":"source"}]}
#---- RUN: strata plan --detailed-exitcode . >plan.txt; echo $?
# 10
#---- RUN: strata key .
# sha256:64ada720f1d97af3eaf51cd52cd4490de1f1b3596f9d1afe1f4b78d84a825f63
#---- RUN: strata key --steps .
# sha256:64ada720f1d97af3eaf51cd52cd4490de1f1b3596f9d1afe1f4b78d84a825f63
# sha256:34b92ed06534f8fac280625ebca047c40fedff2262f5c044aca568ca3db4bf40  FROM scratch
# sha256:7adf5c65092a2622990313f33f0bc250e02169796abc58721d58b3e67e8d6e01  a
# sha256:56c54921c8c7ada5e08903608ec397f34249a11fbc9e857175868ca0e7f27459  COPY a /src/
# sha256:82428fc4ac363a63f4c3e97212cd99db84226e9a150962ba2692bddf9a0cc504  COPY --from=files /src/a /b
# sha256:8c691559667099146430e7003ef2ebd1bfb19598b55a07b1aea872e274fc9abe  LABEL one=1
#---- RUN: strata build -q . && strata plan .
# sha256:0e8b4fe4ca531c3fc456f0bd79bc49b4c20068050e5b305146420ce42d739fc8
#   STATUS   DIGEST        STAGE           INSTRUCTION
#   hit      34b92ed06534  files           FROM scratch
#   hit      7adf5c65092a  files           a
#   hit      56c54921c8c7  files           COPY a /src/
#   hit      82428fc4ac36  1               COPY --from=files /src/a /b
# image 1 (linux/amd64): key sha256:64ada720f1d97af3eaf51cd52cd4490de1f1b3596f9d1afe1f4b78d84a825f63, in the store
# plan: 2 cached, 0 to run, 0 unknown
#---- RUN: test "$(strata key --preimage "$(strata key .)" . | sha256sum | cut -c1-64)" = "$(strata key . | cut -c8-)" && echo the preimage hashes to the key
# the preimage hashes to the key
