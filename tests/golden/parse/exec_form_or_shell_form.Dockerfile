FROM alpine
CMD ["a", "b\u00e9"]
CMD ['a']
CMD ["a"] b
CMD []
ENTRYPOINT [ "x" , "y z" ]
HEALTHCHECK CMD ["c"]
RUN [ -f x ] && y
#---- RUN: strata dump ast input
# FROM shell 1:1-1:12
#   arg "alpine" 1:6-1:12
# CMD exec 2:1-2:21
#   arg "a" 2:7-2:8
#   arg "bé" 2:12-2:19
# CMD shell 3:1-3:10
#   arg "['a']" 3:5-3:10
# CMD shell 4:1-4:12
#   arg "[\"a\"] b" 4:5-4:12
# CMD exec 5:1-5:7
# ENTRYPOINT exec 6:1-6:27
#   arg "x" 6:15-6:16
#   arg "y z" 6:21-6:24
# HEALTHCHECK exec 7:1-7:22
#   subcommand CMD 7:13-7:16
#   arg "c" 7:19-7:20
# RUN shell 8:1-8:18
#   arg "[ -f x ] && y" 8:5-8:18
