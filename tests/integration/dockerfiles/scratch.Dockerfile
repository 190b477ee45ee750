FROM scratch AS files
COPY plain.txt /a/b/c.txt
COPY tree /tree/
FROM scratch
COPY --from=files / /
COPY --from=files /tree/links /more/
WORKDIR /work/dir
ENV A=b
CMD ["/nothing"]
