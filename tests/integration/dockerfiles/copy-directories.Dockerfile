FROM debian:bookworm-slim
COPY tree /one
COPY tree/ /two/
COPY tree/deep tree/links /three/
COPY tree/empty /four
COPY tree/links /five/links
RUN mkdir -p -m 0700 /six/deep && echo kept > /six/deep/kept && echo old > /six/a
COPY tree /six
