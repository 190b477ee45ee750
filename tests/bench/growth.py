"""Measures strata on inputs of n, 2n and 4n; see growth.sh.

Each row makes its input in a directory and names the commands that are measured together: the processor time of all
of them, which other work on the machine hardly changes, and the largest resident set of one. A doubling may take 2.6 times as long; what takes less than the floor says nothing,
and neither does memory below what strata takes for nothing.
"""
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile

STRATA = os.environ["STRATA"]
STORE = os.environ["STORE"]
TIME_FLOOR = 0.25
MEMORY_FLOOR = 64 << 20
LIMIT = 2.6
REPEAT = int(os.environ.get("REPEAT", "3"))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def dockerfile(directory, lines):
    write(f"{directory}/Dockerfile", "\n".join(["FROM scratch", *lines]) + "\n")
    return [[STRATA, "key", directory]]


def instructions(directory, n):
    return dockerfile(directory, (f"RUN make --directory=/src/module{i:06} install DESTDIR=/out" for i in range(n)))


def labels(directory, n):
    return dockerfile(directory, (f'LABEL org.example.label{i:06}="value of label number {i:06}"' for i in range(n)))


def environments(directory, n):
    return dockerfile(directory, [f"ENV V{i}={'x' * 1000}" for i in range(n)] + ["RUN true"] * 200)


def variables(directory, n):
    return dockerfile(directory, (f"ENV V{i:06}=1\nRUN true" for i in range(n)))


def ignore_patterns(directory, n):
    kinds = ["build{0:05}", "**/cache{0:05}", "*.ext{0:05}", "!keep{0:05}", "dir{0:05}/**/*.o", "**/?tmp{0:05}*"]
    write(f"{directory}/.dockerignore", "".join(kinds[i % len(kinds)].format(i) + "\n" for i in range(n)))
    for i in range(n):
        write(f"{directory}/src/part{i // 100:04}/file{i:06}.c", "")
    write(f"{directory}/Dockerfile", "FROM scratch\nCOPY src /src\n")
    return [[STRATA, "key", directory]]


def spec(directory, lines):
    write(f"{directory}/image.strata", 'edition "2026"\n' + "\n".join(lines) + "\n")
    return [[STRATA, "key", directory]]


def spec_methods(directory, n):
    calls = "\n".join(f'    .env({{"VARIABLE{i:06}": "value {i:06}"}})' for i in range(n))
    return spec(directory, ["image \"app\" = (Image.scratch()", calls, ")"])


def bindings(directory, n):
    lines = ["a0 = Image.scratch()"]
    lines += [f'a{i + 1} = a{i}.label({{"org.example.label{i:06}": "value {i:06}"}})' for i in range(n)]
    return spec(directory, lines + [f'image "app" = a{n}'])


def output_line(directory, n):
    write(f"{directory}/Dockerfile",
          f"FROM debian:bookworm-slim\nRUN head -c {n << 20} /dev/zero | tr '\\0' x; echo\n")
    return [[STRATA, "build", "--no-cache", "--progress", "plain", directory]]


def layered(directory, *layers):
    """An image of these layers (functions that add members), imported and built upon."""
    names, diff_ids = [], []
    with tarfile.open(f"{directory}/image.tar", "w") as archive:
        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))

        for i, fill in enumerate(layers):
            data = io.BytesIO()
            with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as layer:
                fill(layer)
            names.append(f"layer{i}.tar")
            diff_ids.append("sha256:" + hashlib.sha256(data.getvalue()).hexdigest())
            add(names[-1], data.getvalue())
        add("config.json", json.dumps({"architecture": "amd64", "os": "linux", "config": {},
                                       "rootfs": {"type": "layers", "diff_ids": diff_ids}}).encode())
        add("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["growth:latest"],
                                          "Layers": names}]).encode())
    write(f"{directory}/context/Dockerfile", "FROM growth\nCOPY Dockerfile /d0000/\n")
    return [[STRATA, "import", "--name", "growth", f"{directory}/image.tar"],
            [STRATA, "build", "--platform", "linux/amd64", "--progress", "plain", f"{directory}/context"]]


def member(name, kind=tarfile.REGTYPE, **pax):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    info.pax_headers = pax
    return info


def add_members(layer, n, name, **pax):
    for i in range(n):
        if i % 100 == 0:
            layer.addfile(member(f"d{i // 100:04}", tarfile.DIRTYPE))
        layer.addfile(member(f"d{i // 100:04}/{name}{i:06}", **pax))


def layer_members(directory, n):
    return layered(directory, lambda layer: add_members(layer, n, "file"))


def whiteouts(directory, n):
    return layered(directory, lambda layer: add_members(layer, n, "file"),
                   lambda layer: add_members(layer, n, ".wh.file"))


def xattrs(directory, n):
    pax = {f"SCHILY.xattr.user.attribute{i}": f"value {i}" for i in range(8)}
    return layered(directory, lambda layer: add_members(layer, n, "file", **pax))


ROWS = {
    "instructions (RUN)": (instructions, 5000),
    "LABELs": (labels, 10000),
    "ENV kB x 200 RUNs": (environments, 250),
    "ENVs, each with a RUN": (variables, 1000),
    "ignore patterns and files": (ignore_patterns, 2500),
    "spec methods": (spec_methods, 5000),
    "bindings": (bindings, 4000),
    "one output line, MiB": (output_line, 16),
    "layer members": (layer_members, 25000),
    "whiteouts": (whiteouts, 12500),
    "xattrs, 8 a member": (xattrs, 6250),
}
# Each of n RUNs reads up to n variables, so what is hashed is quadratic; memory is not.
QUADRATIC_TIME = {"ENVs, each with a RUN"}


def made(make, directory, n):
    """What make() returns, in a process of its own: a child's peak begins at the memory of its parent."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, json.dumps(make(directory, n)).encode())
        os._exit(0)
    os.close(writer)
    commands = json.loads(os.read(reader, 65536))
    os.close(reader)
    os.waitpid(pid, 0)
    return commands


def measure(commands, store):
    """Seconds and bytes: the best of some runs, each from the same store."""
    best = None
    for _ in range(REPEAT):
        shutil.rmtree(store, ignore_errors=True)
        subprocess.run(["cp", "-a", STORE, store], check=True)
        seconds, memory = 0.0, 0
        for command in commands:
            with open(store + ".log", "wb") as log:
                process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "STRATA_HOME": store})
                _, status, usage = os.wait4(process.pid, 0)
                seconds += usage.ru_utime + usage.ru_stime
                memory = max(memory, usage.ru_maxrss << 10)
            if status != 0:
                sys.exit(f"exit {os.waitstatus_to_exitcode(status)} of {command}: {open(store + '.log').read()[-2000:]}")
        best = min(best or (seconds, memory), (seconds, memory))
    return best


def grows(values, floor):
    return any(after > floor and after > LIMIT * max(before, floor / LIMIT)
               for before, after in zip(values, values[1:]))


def main():
    work, wanted = sys.argv[1], sys.argv[2:]
    bad = []
    print("| input | n | processor time at n, 2n, 4n (s) | growth | peak memory at n, 2n, 4n (MiB) | growth |")
    print("|---|---|---|---|---|---|")
    for name, (make, n) in ROWS.items():
        if wanted and not any(word in name for word in wanted):
            continue
        times, memories = [], []
        for factor in (1, 2, 4):
            directory = f"{work}/growth"
            shutil.rmtree(directory, ignore_errors=True)
            os.makedirs(directory)
            seconds, memory = measure(made(make, directory, n * factor), f"{work}/growth.store")
            times.append(seconds)
            memories.append(memory)
        ratios = [", ".join(f"{b / a:.1f}" for a, b in zip(v, v[1:])) for v in (times, memories)]
        print(f"| {name} | {n} | {', '.join(f'{t:.2f}' for t in times)} | {ratios[0]} | "
              f"{', '.join(f'{m / 2**20:.0f}' for m in memories)} | {ratios[1]} |", flush=True)
        if (name not in QUADRATIC_TIME and grows(times, TIME_FLOOR)) or grows(memories, MEMORY_FLOOR):
            bad.append(name)
    if bad:
        sys.exit("grows faster than its input: " + ", ".join(bad))


main()
