FROM scratch
COPY a /a
#---- INPUT: Dockerfile
#---- FILE: a
content
#---- FILE: outside/ignore
secret [
#---- FILE: outside/Dockerfile
FROM scratch
SECRET line
#---- RUN: mkdir in && mv Dockerfile a in && ln -s ../outside/ignore in/.dockerignore && strata plan in
#---- STDERR
# strata: error: `.dockerignore`: the symbolic link `.dockerignore` points to `../outside/ignore`, outside the context
#---- EXIT: 2
#---- RUN: mkdir in && mv Dockerfile a in && ln -s ../outside/ignore in/Dockerfile.dockerignore && strata plan in
#---- STDERR
# strata: error: `Dockerfile.dockerignore`: the symbolic link `Dockerfile.dockerignore` points to `../outside/ignore`, outside the context
#---- EXIT: 2
#---- RUN: mkdir in && ln -s ../outside/Dockerfile in/Dockerfile && strata plan in
#---- STDERR
# strata: error: `Dockerfile`: the symbolic link `Dockerfile` points to `../outside/Dockerfile`, outside the context
#---- EXIT: 2
#---- RUN: mkdir in && ln -s ../outside/Dockerfile in/Containerfile && strata plan in
#---- STDERR
# strata: error: `Containerfile`: the symbolic link `Containerfile` points to `../outside/Dockerfile`, outside the context
#---- EXIT: 2
#---- RUN: mkdir in && ln -s ../outside/Dockerfile in/image.strata && strata plan in
#---- STDERR
# strata: error: `image.strata`: the symbolic link `image.strata` points to `../outside/Dockerfile`, outside the context
#---- EXIT: 2
#---- RUN: mkdir in && ln -s outside/Dockerfile link && strata plan -f link in
#---- STDERR
# link:2:1: error: unknown instruction `SECRET` [UnknownInstruction]
#     2 | SECRET line
#       | ^^^^^^
#---- EXIT: 2
#---- RUN: mkdir in in/d && mv Dockerfile in/d/file && mv a in && ln -s d/file in/Dockerfile && strata build -q in | grep -c sha256:
# 1
