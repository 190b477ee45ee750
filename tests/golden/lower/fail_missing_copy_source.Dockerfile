FROM scratch
COPY gone /x
ADD a.tar sub/gone /d/
#---- RUN: STRATA_HOME=$PWD/home strata plan -f input .
#---- STDERR
# input:2:6: error: copy source `gone` is missing: `gone` is not in the context [MissingCopySource]
#     2 | COPY gone /x
#       |      ^^^^
# input:3:5: error: copy source `a.tar` is missing: `a.tar` is not in the context [MissingCopySource]
#     3 | ADD a.tar sub/gone /d/
#       |     ^^^^^
# input:3:11: error: copy source `sub/gone` is missing: `sub/gone` is not in the context [MissingCopySource]
#     3 | ADD a.tar sub/gone /d/
#       |           ^^^^^^^^
#---- EXIT: 2
