#!/usr/bin/env python3
"""Kills strata at random instants and checks what is left; tests/integration/kill_rounds.sh prepares the ground.

Use: kill_rounds.py STRATA WORK REGISTRY ROUNDS SEED
WORK holds `context/` (its Dockerfile takes ARG NONCE), `base.oci.tar`, and becomes the place of stores and outputs.

A round: a command (build, import, export, push, pull, gc) starts; after a random part of its usual time one of its
processes (strata itself, the watcher, the executor, the runtime, the container's process) gets SIGKILL, or strata
SIGINT. Then: strata has ended within $KILL_LIMIT (2) seconds with a designed exit code; no process, mount or file beside a
destination is left; what stands under a destination is whole; and the next build gives the image that an undisturbed
store gives, after which fsck is clean, the scratch space empty and no control group left.
"""
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

strata, work, registry, rounds, seed = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
random.seed(seed)
store = work / "store"
NONCES = 4
BASE = "docker.io/library/debian:bookworm-slim"
LIMIT = float(os.environ.get("KILL_LIMIT", "2"))
# Of each command: the exit codes that design.md gives it when something of it was killed.
DESIGNED = {0, 2, 4, 5, 7, 130}


class Wrong(Exception):
    pass


def run(*arguments, home=store, check=True):
    done = subprocess.run([strata, *map(str, arguments)], env={**os.environ, "STRATA_HOME": str(home)},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if check and done.returncode != 0:
        raise Wrong(f"exit {done.returncode} of strata {' '.join(map(str, arguments))}: {done.stderr.decode(errors='replace')[-1500:]}")
    return done


def build(nonce, *more, home=store):
    return run("build", "--progress", "plain", "--build-arg", f"NONCE={nonce}", *more, work / "context", home=home)


def manifest_digest(nonce, home=store):
    build(nonce, "--digest-file", work / "digest", home=home)
    return (work / "digest").read_text().strip()


def children(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    except OSError:
        pass
    return found


def victim_of(main, role):
    """The process of that role now, or None: main -> watcher -> executor -> runtime, or the container's first process."""
    level = [main]
    for _ in range(["main", "watcher", "executor", "below"].index(role)):
        level = [child for pid in level for child in children(pid)]
    return random.choice(level) if level else None


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def our_processes():
    """Processes that have to do with this store: by root, directory, command line or open files."""
    mark = str(work).encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in (os.getpid(), os.getppid()):
            continue
        base = f"/proc/{entry}"
        try:
            with open(f"{base}/cmdline", "rb") as file:
                command = file.read()
            if command.startswith(b"docker-registry") or not alive(int(entry)):
                continue
            places = [command]
            for name in ("root", "cwd"):
                places.append(os.readlink(f"{base}/{name}").encode())
            if any(mark in place for place in places) and b"kill_rounds" not in command:
                found.append((int(entry), command[:80]))
        except OSError:
            continue
    return found


def our_mounts():
    with open("/proc/self/mountinfo") as file:
        return [line.split()[4] for line in file if f"{work}/" in line]


def our_cgroups(ids):
    found = []
    for path in [pathlib.Path("/sys/fs/cgroup"), *pathlib.Path("/sys/fs/cgroup").glob("*/")]:
        try:
            found += [str(path / name) for name in os.listdir(path) if any(name.startswith(f"strata-{i}-") for i in ids)]
        except OSError:
            continue
    return found


def build_ids():
    """Ids of the builds whose scratch space stands in the store."""
    try:
        return [name for name in os.listdir(store / "tmp") if re.fullmatch(r"\d+-[0-9a-f]+", name)]
    except OSError:
        return []


def whole_layout(path):
    # It is published by its index, which comes last.
    if not (path / "index.json").exists():
        return

    def check(descriptor):
        data = (path / "blobs/sha256" / descriptor["digest"].split(":")[1]).read_bytes()
        if "sha256:" + hashlib.sha256(data).hexdigest() != descriptor["digest"] or len(data) != descriptor["size"]:
            raise Wrong(f"{path}: blob {descriptor['digest']} is wrong")
        if descriptor["mediaType"].endswith(("manifest.v1+json", "index.v1+json")):
            document = json.loads(data)
            for key in ("manifests", "layers"):
                for below in document.get(key, []):
                    check(below)
            if "config" in document:
                check(document["config"])

    for entry in json.loads((path / "index.json").read_bytes())["manifests"]:
        check(entry)


def whole_archive(path):
    if path.exists():
        listing = subprocess.run(["tar", "-tf", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if listing.returncode != 0 or not listing.stdout:
            raise Wrong(f"{path} is half an archive")


def fresh_store():
    shutil.rmtree(store, ignore_errors=True)
    subprocess.run(["cp", "-a", work / "store.base", store], check=True)


def commands(number):
    """Name, arguments, what to check of the destination, and what has to be there first."""
    nonce = number % NONCES
    out = work / "out"
    arguments = ["build", "--progress", "plain", "--build-arg", f"NONCE={nonce}", "-t", "killed:1"]
    context = [str(work / "context")]
    return {
        "build": (arguments + ["--no-cache"] + context, lambda: None),
        "build-cold": (arguments + context, lambda: None),
        "build-layout": (arguments + ["--no-cache", "-o", f"type=oci,dest={out}/layout"] + context, lambda: whole_layout(out / "layout")),
        "build-archive": (arguments + ["-o", f"type=docker,dest={out}/image.tar"] + context, lambda: whole_archive(out / "image.tar")),
        "import": (["import", "--name", "imported:1", str(work / "base.oci.tar")], lambda: None),
        "import-root": (["import", "--name", "imported:2", str(work / "base.tar")], lambda: None),
        "export-layout": (["export", "finished:1", "-o", f"type=oci,dest={out}/exported"], lambda: whole_layout(out / "exported")),
        "export-archive": (["export", "finished:1", "-o", f"type=oci-archive,dest={out}/exported.tar"], lambda: whole_archive(out / "exported.tar")),
        "export-tar": (["export", "finished:1", "-o", f"type=tar,dest={out}/root.tar"], lambda: whole_archive(out / "root.tar")),
        "export-local": (["export", "finished:1", "-o", f"type=local,dest={out}/root"], lambda: None),
        "push": (["push", "finished:1", f"{registry}/killed:{number}"], lambda: None),
        "pull": (["pull", f"{registry}/finished:1"], lambda: None),
        "gc": (["gc", "--keep-bytes", "1"], lambda: None),
    }


def prepare(name):
    """A state of the store in which the command has work to do."""
    shutil.rmtree(work / "out", ignore_errors=True)
    (work / "out").mkdir()
    if name in ("build-cold", "build-archive", "import", "import-root", "pull") or random.random() < 0.1 or not store.exists():
        fresh_store()
    if name in ("import", "import-root", "pull"):
        shutil.rmtree(store)
    elif run("inspect", BASE, check=False).returncode != 0:
        fresh_store()
    if name.startswith("export") or name in ("push", "gc"):
        build(0, "-t", "finished:1")


def start(arguments):
    return subprocess.Popen([strata, *arguments], env={**os.environ, "STRATA_HOME": str(store)}, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=open(work / "stderr", "wb"), start_new_session=True)


def one_round(number, name, usual, references):
    prepare(name)
    arguments, whole = commands(number)[name]
    has_processes = name.startswith("build")
    role = random.choice(["main", "main", "watcher", "executor", "below", "below"] if has_processes else ["main"])
    kind = random.choice([signal.SIGINT, signal.SIGKILL, signal.SIGTERM]) if role == "main" else signal.SIGKILL
    what = f"round {number}: {name}, {kind.name} to {role}"
    child = start(arguments)
    began = time.monotonic()
    # The usual time is that of a first, cold run.
    time.sleep(random.random() * usual[name] * 0.7)
    family = [child.pid, *descendants(child.pid)]
    ids = build_ids()
    victim = victim_of(child.pid, role)
    if victim is None or child.poll() is not None:
        what += " (too late)"
    else:
        try:
            os.kill(victim, kind)
        except ProcessLookupError:
            pass
    sent = time.monotonic()
    what += f" after {sent - began:.2f} s"
    # Whatever was killed of a build but strata itself: it may go on if it did not need that process any more.
    limit = LIMIT if role == "main" else LIMIT + 3 * usual[name]
    try:
        code = child.wait(timeout=limit + 10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        raise Wrong(f"{what}: strata did not end")
    took = time.monotonic() - sent
    stderr = (work / "stderr").read_text(errors="replace")[-800:]
    if took > limit:
        raise Wrong(f"{what}: ended only {took:.1f} s after the signal, exit {code}: {stderr}")
    ends = {0, 130} if kind != signal.SIGKILL else {0, -9}
    if sent - began < 0.1:
        # Before a process has come to its first line nobody heeds a signal.
        ends.add(-kind)
    if role == "main" and code not in ends:
        raise Wrong(f"{what}: exit {code}: {stderr}")
    if role != "main" and code not in DESIGNED:
        raise Wrong(f"{what}: exit {code}: {stderr}")
    deadline = time.monotonic() + LIMIT
    while True:
        left = [pid for pid in family if alive(pid)] + our_processes() + our_mounts()
        if not left:
            break
        if time.monotonic() > deadline:
            raise Wrong(f"{what}: left behind {left}")
        time.sleep(0.02)
    if code in (0, 130):
        beside = [str(path) for path in (work / "out").glob(".strata*")]
        if beside:
            raise Wrong(f"{what}: exit {code}, but {beside} is left")
    if code == 0 and name == "export-layout" and not (work / "out/exported/index.json").exists():
        raise Wrong(f"{what}: exit 0 without an index")
    whole()
    # The next commands: right, whole, and everything cleaned.
    if name in ("import", "import-root", "pull"):
        run(*arguments)
        if name != "pull":
            fresh_store()
    if name == "pull":
        run("import", "--name", BASE, work / "base.oci.tar")
    nonce = number % NONCES
    got = manifest_digest(nonce)
    if got != references[nonce]:
        raise Wrong(f"{what}: the next build gave {got}, not {references[nonce]}")
    fsck = run("doctor", "--fsck", check=False)
    if fsck.returncode != 0 or b"store: 0 damaged objects" not in fsck.stdout:
        raise Wrong(f"{what}: fsck: {(fsck.stdout + fsck.stderr).decode(errors='replace')[-800:]}")
    scratch = [entry for entry in os.listdir(store / "tmp") if not entry.startswith("download-")]
    if scratch:
        raise Wrong(f"{what}: {scratch} left in the scratch space")
    groups = our_cgroups(ids)
    if groups:
        raise Wrong(f"{what}: control groups left: {groups}")
    return "late" if "too late" in what else f"exit {code}", took


def main():
    shutil.rmtree(store, ignore_errors=True)
    run("import", "--name", BASE, work / "base.oci.tar")
    store.rename(work / "store.base")
    clean = work / "store.clean"
    subprocess.run(["cp", "-a", work / "store.base", clean], check=True)
    references = [manifest_digest(nonce, home=clean) for nonce in range(NONCES)]
    build(0, "-t", f"{registry}/finished:1", "--push", home=clean)
    shutil.rmtree(clean)
    fresh_store()
    usual = {}
    names = list(commands(0))
    for name in names:
        prepare(name)
        child = start(commands(0)[name][0])
        began = time.monotonic()
        if child.wait() != 0:
            raise Wrong(f"{name}: exit {child.returncode}: {(work / 'stderr').read_text(errors='replace')[-800:]}")
        usual[name] = time.monotonic() - began
    print("usual seconds:", {name: round(seconds, 2) for name, seconds in usual.items()}, flush=True)
    weights = [4 if name.startswith("build") else 1 for name in names]
    ends, slowest, failures = {}, 0.0, 0
    for number in range(rounds):
        name = random.choices(names, weights)[0]
        try:
            end, took = one_round(number, name, usual, references)
        except (Wrong, subprocess.TimeoutExpired) as wrong:
            failures += 1
            print(f"WRONG: {wrong}", flush=True)
            for mount in reversed(our_mounts()):
                subprocess.run(["umount", "-l", mount])
            for pid, _ in our_processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            fresh_store()
            continue
        ends[end] = ends.get(end, 0) + 1
        if end != "late":
            slowest = max(slowest, took)
    print(f"{rounds} rounds with seed {seed}: {failures} wrong; ends {dict(sorted(ends.items()))}; slowest end {slowest:.2f} s after the signal")
    return 1 if failures else 0


sys.exit(main())
