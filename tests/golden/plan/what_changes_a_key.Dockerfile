# What is not in the key: comments, breaks, order of labels, times and place of the context. What is: content and modes.
FROM scratch
COPY a /b
LABEL x=1 y=2
#---- INPUT: Dockerfile
#---- FILE: a
content
#---- FILE: Other
FROM scratch


COPY \
  a \
  /b
LABEL y=2
LABEL "x"='1'
#---- FILE: elsewhere/a
content
#---- RUN: strata key . >one; touch -d 2001-01-01 a; strata key -f Other . | cmp one - && echo same
# same
#---- RUN: strata key . >one; strata key -f Dockerfile elsewhere | cmp one - && echo same
# same
#---- RUN: strata key . >one; chmod 755 a; strata key . | cmp -s one - || echo the mode counts
# the mode counts
#---- RUN: strata key . >one; echo other >a; strata key . | cmp -s one - || echo the content counts
# the content counts
#---- RUN: strata key . >one; strata key --source-date-epoch 1700000000 . | cmp -s one - || echo the image epoch counts
# the image epoch counts
#---- RUN: strata key . >one; strata key --compression zstd . | cmp -s one - || echo the codec counts
# the codec counts
