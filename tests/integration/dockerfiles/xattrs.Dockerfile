FROM python:3.11-slim-bookworm
RUN printf '#!/bin/sh\n' > /capable && chmod 755 /capable && python3 -c 'import os; \
os.setxattr("/capable", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000")); \
os.setxattr("/capable", "user.note", b"a \x00 b"); \
os.mkdir("/noted"); os.setxattr("/noted", "user.dir", b"d")'
RUN chmod 711 /noted && touch /noted/inside
FROM debian:bookworm-slim
COPY --from=0 /capable /noted /copied/
COPY --from=0 /noted /noted
COPY attributed /context/
