FROM alpine
RNU echo
COPYY a b
COPY --form=x a b
RUN --mont=type=cache x
foo bar
FROM --plattform=linux/amd64 alpine
#---- RUN: strata dump ast input
#---- STDERR
# input:2:1: error: unknown instruction `RNU` [UnknownInstruction]
#     2 | RNU echo
#       | ^^^ did you mean `RUN`?
# input:3:1: error: unknown instruction `COPYY` [UnknownInstruction]
#     3 | COPYY a b
#       | ^^^^^ did you mean `COPY`?
# input:4:8: error: `--form` is not a flag of `COPY` [UnknownFlag]
#     4 | COPY --form=x a b
#       |        ^^^^ did you mean `--from`?
# input:5:7: error: `--mont` is not a flag of `RUN` [UnknownFlag]
#     5 | RUN --mont=type=cache x
#       |       ^^^^ did you mean `--mount`?
# input:6:1: error: unknown instruction `foo` [UnknownInstruction]
#     6 | foo bar
#       | ^^^
# input:7:8: error: `--plattform` is not a flag of `FROM` [UnknownFlag]
#     7 | FROM --plattform=linux/amd64 alpine
#       |        ^^^^^^^^^ did you mean `--platform`?
#---- EXIT: 2
