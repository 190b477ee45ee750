FROM scratch
SECRET
#---- INPUT: wrong
#---- FILE: a
content
#---- RUN: name=$(printf 'a\033[31mb\302\2330m') && mv wrong "$name" && strata plan -f "$name" .
#---- STDERR
# a?[31mb?0m:2:1: error: unknown instruction `SECRET` [UnknownInstruction]
#     2 | SECRET
#       | ^^^^^^
#---- EXIT: 2
#---- RUN: strata plan -f "$(printf 'none\033]0;title\007\233m')" .
#---- STDERR
# strata: error: none?]0;title??m: no such file or directory
#---- EXIT: 2
#---- RUN: strata inspect "$(printf 'x\033[2J')"
#---- STDERR
# strata: error: there is no image `x?[2J` in the store
#---- EXIT: 2
#---- RUN: strata "$(printf 'buil\033[2J')"
#---- STDERR
# strata: error: there is no command `buil?[2J`; `strata --help` lists them
#---- EXIT: 2
#---- RUN: printf 'FROM scratch\nCOPY a /a\nLABEL x="\033[31mred\302\2330m"\n' >Dockerfile && strata build -q -t one . >digest && strata inspect one | grep label && strata inspect --format json one | grep -c 'u001b\[31mred'
# label       x=?[31mred?0m
# 1
