FROM scratch
CMD echo hi
ENTRYPOINT ["/e"]
LABEL a=1 b="2 3"
EXPOSE 80 8000-8002/udp
VOLUME /a /b
USER 1000:1000
WORKDIR rel
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=1m30s --timeout=1.5s --retries=3 CMD curl -f x
HEALTHCHECK NONE
#---- RUN: strata dump ir input
# strata.ir 1
# %0 = scratch epoch=315532800 platform="linux/amd64"
# %1 = config base=%0 cmd=["/bin/sh", "-c", "echo hi"]
# %2 = config base=%1 entrypoint=["/e"]
# %3 = config base=%2 labels=["a"="1", "b"="2 3"]
# %4 = config base=%3 ports=["80/tcp", "8000-8002/udp"]
# %5 = config base=%4 volumes=["/a", "/b"]
# %6 = config base=%5 user="1000:1000"
# %7 = config base=%6 workdir="/rel"
# %8 = mkdir owner="1000:1000" path="/rel" root=%0
# %9 = config base=%7 stop_signal="SIGQUIT"
# %10 = config base=%9 healthcheck={interval=90000000000 retries=3 start_interval=0 start_period=0 test=["CMD-SHELL", "curl -f x"] timeout=1500000000}
# %11 = config base=%10 healthcheck={interval=0 retries=0 start_interval=0 start_period=0 test=["NONE"] timeout=0}
# @0 = stage "0" config=%11 root=%8
# target "0" platform="linux/amd64" stage=@0
