FROM debian:bookworm-slim
ADD packed.tar /tar/
ADD packed.tar.gz /gz/
ADD packed.tar.bz2 /bz2/
ADD packed.tar.xz /xz
ADD plain.txt /plain/
ADD not-an-archive.tar.gz /plain/
COPY packed.tar.gz /copied/
ADD packed.tar packed.tar.gz /both/
ADD special.tar /special/
