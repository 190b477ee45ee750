ARG global=from-global
ARG tag=bookworm
FROM debian:${tag}-slim
ARG global
ARG plain=value
ARG unset
ENV ONE=${plain} TWO=${unset:-default} THREE=${plain:+replaced} FOUR=$global FIVE="$plain-${plain}x" SIX='$plain' SEVEN=\$plain
ENV ONE=changed EIGHT=$ONE
WORKDIR /dir-$plain
COPY ${plain:+plain.txt} $TWO/
RUN echo "$ONE $TWO $THREE $FOUR $FIVE $SIX $SEVEN $EIGHT $plain [$unset]" > /values
ARG plain=second
RUN echo "$plain" > /second
LABEL value=$plain eight=$EIGHT
