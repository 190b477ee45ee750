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
#   hit      e479a0544928  files           a
#   miss     346c63472229  files           COPY a /src/  (no stored result of this digest)
#   miss     f9893834f886  1               COPY --from=files /src/a /b  (no stored result of this digest)
# image 1 (linux/amd64): key sha256:ebf91744b396825453061497741d1b53bc5a4f8fa100b6ddff5b5daf730f0867
# plan: 0 cached, 2 to run, 0 unknown
#---- RUN: strata plan --format json .
# {"version":1,"images":[{"target":"1","platform":"linux/amd64","imageKey":"sha256:ebf91744b396825453061497741d1b53bc5a4f8fa100b6ddff5b5daf730f0867","steps":[0,1,2,3,4]}],"steps":[{"index":0,"stage":"files","platform":"linux/amd64","digest":"sha256:34b92ed06534f8fac280625ebca047c40fedff2262f5c044aca568ca3db4bf40","op":"scratch","instruction":"FROM scratch","location":{"file":"Dockerfile","line":1,"column":1},"also":[{"file":"Dockerfile","line":3,"column":1}],"status":"hit","reason":"source"},{"index":1,"stage":"files","platform":"linux/amd64","digest":"sha256:e479a05449280fe380ab379c21238bc01de9aebed0cbabbccf46dddaf07da66a","op":"local","instruction":"a","location":{"file":"Dockerfile","line":2,"column":6},"status":"hit","reason":"source"},{"index":2,"stage":"files","platform":"linux/amd64","digest":"sha256:346c634722299345772508ba5bcb4344e1e1df847c0592e709158a267713057b","op":"copy","instruction":"COPY a /src/","location":{"file":"Dockerfile","line":2,"column":1},"status":"miss","reason":"no stored result of this digest"},{"index":3,"stage":"1","platform":"linux/amd64","digest":"sha256:f9893834f886a93daba3ca56f831a49ed381c01ecabe69ea68819b83b943d945","op":"copy","instruction":"COPY --from=files /src/a /b","location":{"file":"Dockerfile","line":4,"column":1},"status":"miss","reason":"no stored result of this digest"},{"index":4,"stage":"1","platform":"linux/amd64","digest":"sha256:8c691559667099146430e7003ef2ebd1bfb19598b55a07b1aea872e274fc9abe","op":"config","instruction":"LABEL one=1","location":{"file":"Dockerfile","line":5,"column":1},"status":"hit","reason":"source"}]}
#---- RUN: strata plan --detailed-exitcode . >plan.txt; echo $?
# 10
#---- RUN: strata key .
# sha256:ebf91744b396825453061497741d1b53bc5a4f8fa100b6ddff5b5daf730f0867
#---- RUN: strata key --steps .
# sha256:ebf91744b396825453061497741d1b53bc5a4f8fa100b6ddff5b5daf730f0867
# sha256:34b92ed06534f8fac280625ebca047c40fedff2262f5c044aca568ca3db4bf40  FROM scratch
# sha256:e479a05449280fe380ab379c21238bc01de9aebed0cbabbccf46dddaf07da66a  a
# sha256:346c634722299345772508ba5bcb4344e1e1df847c0592e709158a267713057b  COPY a /src/
# sha256:f9893834f886a93daba3ca56f831a49ed381c01ecabe69ea68819b83b943d945  COPY --from=files /src/a /b
# sha256:8c691559667099146430e7003ef2ebd1bfb19598b55a07b1aea872e274fc9abe  LABEL one=1
#---- RUN: strata build -q . && strata plan .
# sha256:7e74c8cf6b93680581f856bef0ccf12f5a2ec5e8ca2d5baa8ee01673e66f9540
#   STATUS   DIGEST        STAGE           INSTRUCTION
#   hit      34b92ed06534  files           FROM scratch
#   hit      e479a0544928  files           a
#   hit      346c63472229  files           COPY a /src/
#   hit      f9893834f886  1               COPY --from=files /src/a /b
# image 1 (linux/amd64): key sha256:ebf91744b396825453061497741d1b53bc5a4f8fa100b6ddff5b5daf730f0867, in the store
# plan: 2 cached, 0 to run, 0 unknown
#---- RUN: test "$(strata key --preimage "$(strata key .)" . | sha256sum | cut -c1-64)" = "$(strata key . | cut -c8-)" && echo the preimage hashes to the key
# the preimage hashes to the key
