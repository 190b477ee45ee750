#!/usr/bin/env python3
"""Packs a root file system tar into an OCI archive with one gzip layer, always the same bytes.

Use: oci_archive.py ROOT.tar OUT.oci.tar CREATED NAME CONFIG_JSON
CREATED is in seconds; CONFIG_JSON is the image config's `config` object.
"""
import datetime
import hashlib
import io
import json
import os
import platform
import sys
import tarfile
import zlib

CHUNK = 1 << 20
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def gzip_layer(source, target):
    """Returns (diffID, blob digest, size)."""
    diff, blob, size = hashlib.sha256(), hashlib.sha256(), 0
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    with open(source, "rb") as tar, open(target, "wb") as out:
        while True:
            data = tar.read(CHUNK)
            diff.update(data)
            packed = packer.compress(data) if data else packer.flush()
            blob.update(packed)
            size += len(packed)
            out.write(packed)
            if not data:
                return diff.hexdigest(), blob.hexdigest(), size


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def main():
    root, out, created, name, config = sys.argv[1:6]
    created = int(created)
    layer_file = out + ".layer"
    diff, layer, layer_size = gzip_layer(root, layer_file)
    moment = datetime.datetime.fromtimestamp(created, datetime.timezone.utc)
    image = canonical({
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "config": json.loads(config),
        "created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "history": [{"created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                     "created_by": "mmdebstrap --variant=minbase"}],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff]},
    })
    image_digest = hashlib.sha256(image).hexdigest()
    manifest = canonical({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                   "digest": "sha256:" + image_digest, "size": len(image)},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest": "sha256:" + layer, "size": layer_size}],
    })
    manifest_digest = hashlib.sha256(manifest).hexdigest()
    index = canonical({
        "schemaVersion": 2,
        "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json",
                       "digest": "sha256:" + manifest_digest, "size": len(manifest),
                       "annotations": {"org.opencontainers.image.ref.name": name}}],
    })

    with tarfile.open(out + ".tmp", "w", format=tarfile.PAX_FORMAT) as archive:
        def add(path, size, stream):
            info = tarfile.TarInfo(path)
            info.size, info.mtime, info.mode = size, created, 0o644
            archive.addfile(info, stream)

        def add_bytes(path, data):
            add(path, len(data), io.BytesIO(data))

        add_bytes("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        add_bytes("index.json", index)
        add_bytes("blobs/sha256/" + image_digest, image)
        add_bytes("blobs/sha256/" + manifest_digest, manifest)
        with open(layer_file, "rb") as stream:
            add("blobs/sha256/" + layer, layer_size, stream)
    os.remove(layer_file)
    os.rename(out + ".tmp", out)


main()
