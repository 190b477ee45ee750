FROM mine
#---- INPUT: Dockerfile
#---- RUN: strata key --build-context mine=docker-image://alpine .
#---- RUN: strata key --build-context mine=oci-layout://layout .
#---- RUN: strata key --build-context mine=https://example.org/a.git .
#---- RUN: strata key --build-context mine=none .
#---- RUN: strata key --build-context mine=Dockerfile .
#---- RUN: strata key --build-context mine .
#---- RUN: strata key --build-context Mine=. .
#---- RUN: strata key --build-context scratch=. .
