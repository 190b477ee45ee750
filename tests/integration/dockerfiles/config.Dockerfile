FROM debian:bookworm-slim
LABEL one=1 "two words"="three words" quoted="a \"b\" c"
LABEL one=again
ENV A=1 B="two words" C=with\ space
ENV OLD style of env
ENV PATH=/opt/bin:$PATH
EXPOSE 80 443/tcp 53/udp 8000-8002
VOLUME /data /more
VOLUME ["/var/one", "/var/two"]
USER 1000:1000
WORKDIR /work
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=1m30s --timeout=5s --start-period=10s --retries=4 CMD test -e /ok || exit 1
SHELL ["/bin/bash", "-c"]
CMD echo shell form
ENTRYPOINT ["/bin/echo", "exec form"]
CMD ["given", "later"]
