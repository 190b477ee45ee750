FROM scratch
COPY a /a
CMD ["/a"]
#---- INPUT: Dockerfile
#---- FILE: a
content
#---- RUN: strata build -q -o - . | tar -t
# a
#---- RUN: strata build -q -o - . >tar && strata build -q -o type=tar,dest=other . >digest && cmp tar other
#---- RUN: mkfifo pipe && sh -c 'exec 3<>pipe 4>pipe 3<&-; strata version >&4; echo $?'
# 141
#---- RUN: mkfifo pipe && sh -c 'exec 3<>pipe 4>pipe 3<&-; strata build -q -o - . >&4; echo $?'
# 141
#---- RUN: ln -s target link && echo old >target && strata build -q --iidfile link . >digest && grep -c sha256: target && test -h link
# 1
#---- RUN: ln -s /dev/stdout link && strata build -q --iidfile link . | grep -o sha256: && test -h link
# sha256:
# sha256:
#---- RUN: ln -s /dev/null link && strata build -q --iidfile link --digest-file link --metadata-file link -o type=tar,dest=link . >digest && test -h link
#---- RUN: mkfifo pipe && (cat pipe >read &) && strata build -q --digest-file pipe . >digest && test -p pipe
