FROM debian:bookworm-slim
COPY . /context/
COPY tree /tree
