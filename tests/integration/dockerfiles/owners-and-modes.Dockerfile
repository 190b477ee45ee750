FROM debian:bookworm-slim
RUN groupadd -g 2001 team && useradd -u 2000 -g team -m worker
COPY --chown=worker:team plain.txt /home/worker/
COPY --chown=worker program.sh /home/worker/bin/program
COPY --chown=33 tree /numeric
COPY --chown=0:daemon --chmod=0751 program.sh /opt/deep/program
COPY --chmod=4755 program.sh /setuid
COPY --chmod=0600 plain.txt program.sh /private/
ADD --chown=worker:33 plain.txt /added/
USER worker
COPY plain.txt /still-root
RUN echo mine > /home/worker/mine && mkdir -m 0700 /home/worker/secret && id -u > /home/worker/id
