FROM debian:bookworm-slim
COPY program.sh /bin/program
COPY program.sh /lib/strata/program
COPY tree /sbin/tree
COPY plain.txt /var/run/plain.txt
COPY plain.txt /tmp/
RUN program > /output && ln -s /usr/local/share /share
COPY tree /share/
ADD packed.tar /bin/
