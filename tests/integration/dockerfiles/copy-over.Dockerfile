FROM debian:bookworm-slim
RUN mkdir /target /elsewhere && echo long old content > /target/a && chmod 0600 /target/a && chown 5:6 /target/a \
    && ln -s /elsewhere/pointed /target/pointing && echo pointed > /elsewhere/pointed \
    && ln -s /elsewhere /linked && mkdir /target/deep && chmod 0711 /target/deep && chown 7:8 /target/deep
COPY tree/a /target/a
COPY tree/a /linked/through
COPY tree/deep /target/deep
COPY plain.txt /linked/
COPY tree/links /linked
