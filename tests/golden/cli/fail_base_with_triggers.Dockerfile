FROM triggered AS parent
FROM scratch
COPY --from=parent /a /a
#---- INPUT: Dockerfile
#---- FILE: image.strata
edition "2026"
app = Image.base("triggered")
#---- FILE: a
#---- FILE: make_base.sh
# An image layout whose config has triggers.
mkdir -p base/blobs/sha256
blob() {
  digest=$(sha256sum "$1" | cut -c 1-64)
  printf '{"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%d}' "$2" "$digest" "$(stat -c %s "$1")"
  mv "$1" "base/blobs/sha256/$digest"
}
printf '{"architecture":"amd64","os":"linux","config":{"OnBuild":["COPY foo /foo","RUN make"]},"rootfs":{"type":"layers","diff_ids":[]}}' >config
config=$(blob config config.v1+json)
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[]}' "$config" >manifest
printf '{"schemaVersion":2,"manifests":[%s]}' "$(blob manifest manifest.v1+json)" >base/index.json
printf '{"imageLayoutVersion":"1.0.0"}' >base/oci-layout
#---- RUN: sh make_base.sh && strata import --name triggered base >/dev/null && strata build --platform linux/amd64 -q -f Dockerfile .
#---- STDERR
# Dockerfile:1:6: error: base image `triggered` has ONBUILD triggers, which are not supported yet [BaseWithTriggers]
#     1 | FROM triggered AS parent
#       |      ^^^^^^^^^
#   note: ONBUILD COPY foo /foo
#   note: ONBUILD RUN make
#---- EXIT: 2
#---- RUN: sh make_base.sh && strata import --name triggered base >/dev/null && strata build --platform linux/amd64 -q .
#---- STDERR
# image.strata:2:7: error: base image `docker.io/library/triggered:latest` has ONBUILD triggers, which are not supported yet [BaseWithTriggers]
#     2 | app = Image.base("triggered")
#       |       ^^^^^^^^^^^^^^^^^^^^^^^
#   note: ONBUILD COPY foo /foo
#   note: ONBUILD RUN make
#---- EXIT: 2
