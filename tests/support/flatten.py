#!/usr/bin/env python3
"""Flattens images to their files and config, and compares two.

Use: flatten.py show IMAGE
     flatten.py compare IMAGE IMAGE [DIFFERENCES]
IMAGE is an OCI layout directory (PATH or PATH:NAME) or a skopeo `dir:` directory.
DIFFERENCES has one explained difference a line: a regular expression that matches the whole of a
reported line, then ` # ` and the reason. One that explains nothing is reported too, unless it starts
with `? `.
Times are not compared. Exit 1 when something unexplained differs.
"""
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile

TYPES = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "dir",
         tarfile.SYMTYPE: "link", tarfile.CHRTYPE: "char", tarfile.BLKTYPE: "block",
         tarfile.FIFOTYPE: "fifo"}


class Image:
    def __init__(self, name):
        path, _, ref = name.partition(":")
        self.path = path
        if os.path.exists(os.path.join(path, "index.json")):
            with open(os.path.join(path, "index.json")) as file:
                entries = json.load(file)["manifests"]
            if ref:
                key = "org.opencontainers.image.ref.name"
                entries = [e for e in entries if e.get("annotations", {}).get(key) == ref]
            if len(entries) != 1:
                sys.exit(f"flatten.py: {name} has {len(entries)} images, not 1")
            manifest = self.json(entries[0]["digest"])
            if "manifests" in manifest:
                manifest = self.json(manifest["manifests"][0]["digest"])
        else:
            with open(os.path.join(path, "manifest.json")) as file:
                manifest = json.load(file)
        self.manifest = manifest
        self.config = self.json(manifest["config"]["digest"])
        self.files = {}
        for layer in manifest["layers"]:
            self.apply(layer)

    def blob(self, digest):
        algorithm, value = digest.split(":")
        for place in (os.path.join(self.path, "blobs", algorithm, value),
                      os.path.join(self.path, value)):
            if os.path.exists(place):
                return place
        sys.exit(f"flatten.py: {self.path} has no blob {digest}")

    def json(self, digest):
        with open(self.blob(digest), "rb") as file:
            return json.load(file)

    def open_layer(self, layer):
        path = self.blob(layer["digest"])
        with open(path, "rb") as file:
            magic = file.read(4)
        if magic[:2] == b"\x1f\x8b":
            return gzip.open(path)
        if magic == b"\x28\xb5\x2f\xfd":
            return io.BytesIO(subprocess.run(["zstd", "-dcq", path], check=True,
                                             capture_output=True).stdout)
        return open(path, "rb")

    def remove(self, path, keep_self=False):
        if not keep_self:
            self.files.pop(path, None)
        prefix = path + "/" if path else ""
        for other in [p for p in self.files if p.startswith(prefix) and p != path]:
            del self.files[other]

    def apply(self, layer):
        here = set()
        opaque, whiteouts, entries = [], [], []
        with self.open_layer(layer) as stream, \
                tarfile.open(fileobj=stream, mode="r|", errors="surrogateescape",
                             encoding="utf-8") as archive:
            for member in archive:
                path = member.name.strip("/")
                while path.startswith("./"):
                    path = path[2:]
                path = "" if path == "." else path
                base = os.path.basename(path)
                if base == ".wh..wh..opq":
                    opaque.append(os.path.dirname(path))
                    continue
                if base.startswith(".wh."):
                    whiteouts.append(os.path.join(os.path.dirname(path), base[4:]))
                    continue
                content = None
                if member.isreg():
                    content = hashlib.sha256(archive.extractfile(member).read()).hexdigest()
                entries.append((path, member, content))
        # Whiteouts hide what is below this layer, wherever they stand in it.
        for path in opaque:
            self.remove(path, keep_self=True)
        for path in whiteouts:
            self.remove(path)
        for path, member, content in entries:
            self.add(path, member, content)
            if path in here:
                self.files[path]["duplicate"] = True
            here.add(path)

    def add(self, path, member, content):
        if member.islnk():
            target = member.linkname.strip("/")
            target = target[2:] if target.startswith("./") else target
            if target not in self.files:
                sys.exit(f"flatten.py: {path} is a hard link to {target}, which is not there")
            self.files[path] = self.files[target]
            return
        entry = {"type": TYPES.get(member.type, str(member.type)), "mode": oct(member.mode & 0o7777),
                 "uid": member.uid, "gid": member.gid}
        if entry["type"] == "file":
            entry["content"] = content
            entry["size"] = member.size
        if entry["type"] == "link":
            entry["target"] = member.linkname
            # Linux has no modes of links.
            del entry["mode"]
        if entry["type"] in ("char", "block"):
            entry["device"] = f"{member.devmajor}:{member.devminor}"
        xattrs = {key[len("SCHILY.xattr."):]: value.encode("utf-8", "surrogateescape").hex()
                  for key, value in member.pax_headers.items() if key.startswith("SCHILY.xattr.")}
        if xattrs:
            entry["xattrs"] = xattrs
        old = self.files.get(path)
        if old and old["type"] == "dir" and entry["type"] != "dir":
            self.remove(path)
        if old and old["type"] != "dir" and entry["type"] == "dir":
            self.remove(path)
        self.files[path] = entry

    def lines(self):
        out = []
        groups = {}
        for path, entry in self.files.items():
            groups.setdefault(id(entry), []).append(path)
        for path, entry in sorted(self.files.items(), key=lambda item: os.fsencode(item[0])):
            shown = dict(entry)
            twins = sorted(p for p in groups[id(entry)] if p != path)
            if twins:
                shown["hard links"] = twins
            for key, value in sorted(shown.items()):
                out.append((f"/{path}", key, json.dumps(value, sort_keys=True)))
        config = self.config.get("config") or {}
        for key in ("architecture", "os", "variant"):
            if self.config.get(key):
                out.append(("config", key, json.dumps(self.config[key])))
        for key, value in sorted(config.items()):
            # null, "" and {} all say nothing.
            if not value or key in ("Hostname", "Domainname", "Image"):
                continue
            if key == "Env":
                # Names are unique, so their order says nothing.
                value = dict(item.split("=", 1) for item in value)
            if isinstance(value, dict):
                for inner, text in sorted(value.items()):
                    out.append(("config", f"{key}.{inner}", json.dumps(text, sort_keys=True)))
            else:
                out.append(("config", key, json.dumps(value)))
        return out


def show(image):
    return [f"{where} {key} {value}".encode("utf-8", "backslashreplace").decode()
            for where, key, value in image.lines()]


def compare(first, second, differences):
    one = {(w, k): v for w, k, v in Image(first).lines()}
    two = {(w, k): v for w, k, v in Image(second).lines()}
    explained = []
    if differences:
        with open(differences) as file:
            for line in file:
                line = line.rstrip("\n")
                if line and not line.startswith("#"):
                    pattern, _, reason = line.partition(" # ")
                    if not reason:
                        sys.exit(f"flatten.py: {differences}: a difference without a reason: {line}")
                    optional = pattern.startswith("? ")
                    explained.append([re.compile(pattern[2 * optional:]), int(optional), line])
    bad = 0
    for key in sorted(one.keys() | two.keys(), key=lambda k: (os.fsencode(k[0]), k[1])):
        if one.get(key) == two.get(key):
            continue
        line = f"{key[0]} {key[1]}: {one.get(key, 'absent')} | {two.get(key, 'absent')}"
        line = line.encode("utf-8", "backslashreplace").decode()
        for pattern in explained:
            if pattern[0].fullmatch(line):
                pattern[1] += 1
                break
        else:
            print(line)
            bad += 1
    for _, used, line in explained:
        if not used:
            print(f"explains nothing: {line}")
            bad += 1
    print(f"{len(one)} and {len(two)} facts compared, {bad} unexplained")
    return 1 if bad else 0


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "show":
        print("\n".join(show(Image(sys.argv[2]))))
        return 0
    if len(sys.argv) in (4, 5) and sys.argv[1] == "compare":
        return compare(sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) == 5 else None)
    print(__doc__, file=sys.stderr)
    return 2


sys.exit(main())
