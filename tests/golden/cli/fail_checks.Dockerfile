# check=error=true
FROM scratch AS a
FROM scratch AS a
#---- INPUT: dockerfile
#---- RUN: strata key .
#---- RUN: strata key -f Dockerfile --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=DuplicateStageName . >key && echo a file called dockerfile is found
