#!/usr/bin/env bash
# Hard links across layers: a name has the bytes of its own layer in a RUN and in a COPY alike, and a
# base whose layer links into a lower one can be built on. ADD leaves /tmp as it is.
source "$(dirname "$0")/../support/lib.sh"
import_bases debian
mkdir "$work/context"
cd "$work/context"
mkdir -p archive/tmp && echo y >archive/tmp/y
tar -C archive -cf implied.tar tmp/y
mkdir -p names/etc && echo x >names/etc/passwd && ln names/etc/passwd names/etc/other
tar -C names --sort=name -cf links.tar etc/passwd etc/other && tar -f links.tar --delete etc/passwd
cat >Dockerfile <<'DOCKERFILE'
FROM debian:bookworm-slim AS work
RUN mkdir /d && echo one >/d/a && ln /d/a /d/b && ln /d/a /d/c && echo old >/d/x && ln /d/x /d/y
RUN echo two >/d/a && rm /d/x && cat /d/b /d/y >/d/in-run
ADD implied.tar /
ADD links.tar /
RUN stat -c %a /tmp >/d/tmp-mode && stat -c %h /etc/other >/d/names && cmp /etc/other /etc/passwd
FROM scratch
COPY --from=work /d /
DOCKERFILE
quiet "$STRATA" build --progress plain -o "type=local,dest=$work/out" .
cd "$work/out"
same "$(cat a b c y in-run tmp-mode names | tr '\n' ' ')" "two one one old one old 1777 2 " "what was copied"
[[ b -ef c && ! a -ef b && ! -e x ]] || fail "b and c are one file, a is another, x is gone"
ok "a name has the bytes of its layer"

# A layer as docker's builder writes it: a hard link whose file is in the layer below.
cd "$work/context"
mkdir linked && cp /bin/true linked/file && chmod 4755 linked/file && ln linked/file linked/link
tar -C linked --numeric-owner --owner=8 --group=9 -cf 0.tar file
tar -C linked --numeric-owner --owner=8 --group=9 -cf 1.tar file link
tar -f 1.tar --delete file
printf 'FROM debian:bookworm-slim\n' >Dockerfile.base
quiet "$STRATA" build --progress plain -f Dockerfile.base -o "type=oci,dest=$work/layout" .
python3 - "$work/layout" 0.tar 1.tar <<'PYTHON'
import hashlib, json, os, sys
layout, tars = sys.argv[1], sys.argv[2:]
blobs = layout + "/blobs/sha256/"
def put(data):
    name = hashlib.sha256(data).hexdigest()
    open(blobs + name, "wb").write(data)
    return {"digest": "sha256:" + name, "size": len(data)}
def get(descriptor):
    return json.load(open(blobs + descriptor["digest"][7:]))
index = json.load(open(layout + "/index.json"))
manifest = get(index["manifests"][0])
config = get(manifest["config"])
config.pop("history", None)
for tar in tars:
    blob = put(open(tar, "rb").read())
    config["rootfs"]["diff_ids"].append(blob["digest"])
    manifest["layers"].append({"mediaType": "application/vnd.oci.image.layer.v1.tar", **blob})
manifest["config"].update(put(json.dumps(config).encode()))
index["manifests"] = [{**index["manifests"][0], **put(json.dumps(manifest).encode())}]
json.dump(index, open(layout + "/index.json", "w"))
PYTHON
quiet "$STRATA" import --name linked:1 "$work/layout"
cat >Dockerfile <<'DOCKERFILE'
FROM linked:1
RUN stat -c '%a %u:%g %F' /link >/seen && cmp /file /link
COPY --from=linked:1 /link /copied
DOCKERFILE
quiet "$STRATA" build --progress plain -o "type=local,dest=$work/on" .
same "$(cat "$work/on/seen")" "4755 8:9 regular file" "what the RUN saw"
cmp "$work/on/copied" "$work/on/file" || fail "the copy of the link has other bytes"
ok "a base whose layer links into a lower one"
