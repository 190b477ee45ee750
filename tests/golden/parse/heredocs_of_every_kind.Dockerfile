FROM alpine
RUN <<EOF
echo one
# no comment
EOF
RUN cat <<-'A' > /f && 3<<B cat
	a
	A
b
B
COPY <<"x y" <<z /dir/
quoted
x y
$expanded
z
#---- RUN: strata dump ast input
# FROM shell 1:1-1:12
#   arg "alpine" 1:6-1:12
# RUN shell 2:1-5:4
#   arg "<<EOF" heredoc 2:5-2:10
#   heredoc "EOF" expand "echo one\n# no comment\n" 3:1-5:1
# RUN shell 6:1-10:2
#   arg "cat <<-'A' > /f && 3<<B cat" 6:5-6:32
#   heredoc "A" strip-tabs "\ta\n" 7:1-8:1
#   heredoc "B" expand "b\n" 9:1-10:1
# COPY shell 11:1-15:2
#   arg "<<\"x y\"" heredoc 11:6-11:13
#   arg "<<z" heredoc 11:14-11:17
#   arg "/dir/" 11:18-11:23
#   heredoc "x y" "quoted\n" 12:1-13:1
#   heredoc "z" expand "$expanded\n" 14:1-15:1
