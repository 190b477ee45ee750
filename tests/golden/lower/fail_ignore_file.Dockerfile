FROM scratch
COPY . /
#---- FILE: .dockerignore
*.o
[z-
#---- RUN: STRATA_HOME=$PWD/home strata plan -f input .
