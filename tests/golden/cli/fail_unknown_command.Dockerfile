FROM scratch
#---- RUN: strata buld .
#---- STDERR
#---- EXIT: 2
#---- RUN: strata build --tagg x .
#---- STDERR
#---- EXIT: 2
#---- RUN: strata build -o type=zip,dest=x .
#---- STDERR
#---- EXIT: 2
#---- RUN: strata build -t BadName .
#---- STDERR
#---- EXIT: 2
#---- RUN: strata build nowhere
#---- STDERR
#---- EXIT: 2
#---- RUN: strata inspect nothing
#---- STDERR
#---- EXIT: 2
