FROM --platform=linux/amd64 alpine AS base
# about the next one
# in two lines
COPY --from=base --chown="1:2" a b /c/
ENV a=1 b="x y" c='q' d=e\ f g=
ENV legacy form of = it
LABEL "k 1"=v
ARG x y=1
HEALTHCHECK --interval=5s NONE
EXPOSE 80 443/udp
VOLUME ["/a", "/b c"]
#---- RUN: strata dump ast input
# FROM shell 1:1-1:43
#   flag platform="linux/amd64" 1:6-1:28
#   arg "alpine" 1:29-1:35
#   arg "AS" 1:36-1:38
#   arg "base" 1:39-1:43
# comment "# about the next one" 2:1-2:21
# comment "# in two lines" 3:1-3:15
# COPY shell 4:1-4:39
#   flag from="base" 4:6-4:17
#   flag chown="1:2" 4:18-4:31
#   arg "a" 4:32-4:33
#   arg "b" 4:34-4:35
#   arg "/c/" 4:36-4:39
# ENV shell 5:1-5:32
#   pair "a"="1" 5:5-5:8
#   pair "b"="\"x y\"" 5:9-5:16
#   pair "c"="'q'" 5:17-5:22
#   pair "d"="e\\ f" 5:23-5:29
#   pair "g"="" 5:30-5:32
# ENV shell 6:1-6:24
#   pair "legacy"="form of = it" 6:5-6:24
# LABEL shell 7:1-7:14
#   pair "\"k 1\""="v" 7:7-7:14
# ARG shell 8:1-8:10
#   pair "x" 8:5-8:6
#   pair "y"="1" 8:7-8:10
# HEALTHCHECK shell 9:1-9:31
#   flag interval="5s" 9:13-9:26
#   subcommand NONE 9:27-9:31
# EXPOSE shell 10:1-10:18
#   arg "80" 10:8-10:10
#   arg "443/udp" 10:11-10:18
# VOLUME exec 11:1-11:22
#   arg "/a" 11:10-11:12
#   arg "/b c" 11:16-11:20
