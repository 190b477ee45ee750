FROM golang:1.22 AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY . .
RUN go build -o /out/app
FROM scratch
COPY --from=build /out/app /app
ENTRYPOINT ["/app"]
#---- RUN: strata dump ir input
# strata.ir 1
# %0 = image platform="linux/amd64" ref="docker.io/library/golang:1.22"
# %1 = config base=%0 workdir="/src"
# %2 = mkdir path="/src" root=%0
# %3 = local source="go.mod"
# %4 = local source="go.sum"
# %5 = copy dest="/src/" root=%2 sources=[{path="" tree=%3}, {path="" tree=%4}]
# %6 = local
# %7 = copy dest="/src/" root=%5 sources=[{path="" tree=%6}]
# %8 = exec args=["/bin/sh", "-c", "go build -o /out/app"] cwd="/src" root=%7
# %9 = scratch epoch=315532800 platform="linux/amd64"
# %10 = copy dest="/app" root=%9 sources=[{path="/out/app" tree=%8}]
# %11 = config base=%9 entrypoint=["/app"]
# @0 = stage "build" config=%1 root=%8
# @1 = stage "1" config=%11 root=%10
# target "1" platform="linux/amd64" stage=@1
