FROM python:3.11-slim-bookworm
ENTRYPOINT entry in shell form
HEALTHCHECK NONE
STOPSIGNAL 9
USER nobody
ENV LANG=tr_TR.UTF-8 EMPTY=
LABEL empty="" multi="line \
continued"
CMD []
