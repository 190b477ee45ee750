ARG base=debian:bookworm-slim
FROM $base AS first
RUN mkdir -p /out/sub && echo built > /out/built && ln -s built /out/link && ln /out/built /out/hard \
    && echo x > /out/sub/x && chmod 2755 /out/sub && chown 12:34 /out/sub/x && chmod 4711 /out/sub/x
FROM first AS second
RUN echo more > /out/more
FROM $base
COPY --from=first /out /first
COPY --from=1 /out/more /second/
COPY --from=second /out/link /second/followed
COPY --from=first /out/sub /out/built /merged/
COPY --from=second /etc/debian_version /version
