FROM alpine
RUN <<EOF
echo
EOF2
RUN more
#---- RUN: strata dump ast input
#---- STDERR
# input:2:5: error: heredoc `EOF` is not terminated [UnterminatedHeredoc]
#     2 | RUN <<EOF
#       |     ^^^^^
#   note: no line below holds only `EOF`
#---- EXIT: 2
