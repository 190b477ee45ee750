FROM debian:bookworm-slim
WORKDIR /one
WORKDIR two/three
RUN pwd > where && mkdir -m 0700 /private && ln -s /one /link
WORKDIR /link/through
RUN pwd > where
WORKDIR ../up
COPY plain.txt here.txt
COPY plain.txt ./sub/
USER nobody
WORKDIR /made/by/nobody
WORKDIR /tmp
