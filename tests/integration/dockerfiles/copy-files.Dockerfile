FROM debian:bookworm-slim
COPY plain.txt /one
COPY plain.txt program.sh /two/
COPY *.txt /three/
COPY plain.tx? tree/a /four/
COPY tree/deep/er/file.txt /five/renamed.txt
COPY ["with space", "/six/with space"]
COPY ./plain.txt .
COPY /plain.txt /seven/
COPY empty /eight/
