FROM scratch
COPY a /a
CMD ["/a"]
#---- INPUT: Dockerfile
#---- FILE: a
content
#---- RUN: strata build -q -t one .
#---- RUN: strata build -q --no-cache -t two . && strata build -q --jobs 1 -t three .
#---- RUN: strata inspect
#---- RUN: strata inspect one
#---- RUN: strata build -q -t one --iidfile id --digest-file digest --metadata-file meta . >out; cmp out digest || echo $(cat digest) is the digest; cat id; grep -c strata meta
