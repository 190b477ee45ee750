# An image on scratch has a PATH and a working directory, any image a PATH, and the platform that was asked for.
FROM --platform=linux/amd64 bare
COPY a /a
#---- INPUT: Dockerfile
#---- FILE: a
#---- FILE: Scratch
FROM scratch
COPY a /a
#---- FILE: Own
FROM scratch
ENV PATH=/x
WORKDIR /w
#---- FILE: make_base.sh
# An image layout whose config says nothing.
mkdir -p base/blobs/sha256
blob() {
  digest=$(sha256sum "$1" | cut -c 1-64)
  printf '{"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%d}' "$2" "$digest" "$(stat -c %s "$1")"
  mv "$1" "base/blobs/sha256/$digest"
}
printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' >config
config=$(blob config config.v1+json)
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[]}' "$config" >manifest
printf '{"schemaVersion":2,"manifests":[%s]}' "$(blob manifest manifest.v1+json)" >base/index.json
printf '{"imageLayoutVersion":"1.0.0"}' >base/oci-layout
#---- FILE: show.sh
# Builds with the arguments, and shows what the config says of platform and process.
strata build -q --iidfile iid -o type=oci,dest=out "$@" . >digest
grep -o '"architecture":"[^"]*"\|"config":{[^}]*}\|"variant":"[^"]*"' "out/blobs/sha256/$(cut -d : -f 2 iid)"
#---- RUN: sh show.sh -f Scratch --platform linux/arm/v7
# "architecture":"arm"
# "config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"WorkingDir":"/"}
# "variant":"v7"
#---- RUN: sh show.sh -f Own --platform linux/amd64
# "architecture":"amd64"
# "config":{"Env":["PATH=/x"],"WorkingDir":"/w"}
#---- RUN: sh make_base.sh && strata import --name bare base >/dev/null && sh show.sh -f Dockerfile --platform linux/arm64 && sh show.sh -f Dockerfile
# "architecture":"arm64"
# "config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
# "architecture":"amd64"
# "config":{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
