FROM scratch
#---- RUN: strata run -d app
#---- STDERR
# strata: error: run has no `-d`: there is no daemon that would keep it; run it in the background: `strata run … &`
#---- EXIT: 125
#---- RUN: strata run -it --memory=1g app
#---- STDERR
# strata: error: run has no `--memory`: a process has the limits of the shell that starts it: `ulimit`, or `systemd-run --scope -p MemoryMax=…`
#---- EXIT: 125
#---- RUN: strata run --privileged app
#---- STDERR
# strata: error: run has no `--privileged`: the sandbox is always the same one, docker's default; what needs another one is run by docker or podman: `strata build --load`, `strata push`
#---- EXIT: 125
#---- RUN: strata run --mount type=bind,source=/,target=/host app
#---- STDERR
# strata: error: run has no `--mount`: `-v SOURCE:TARGET[:ro]` mounts the host's files, `--tmpfs TARGET` memory
#---- EXIT: 125
#---- RUN: strata run -v data:/data app
#---- STDERR
# strata: error: -v data:/data: there is no `data` here, and strata keeps no named volumes; make a directory and give its path: -v ./data:/data
#---- EXIT: 125
#---- RUN: strata run -v /data app
#---- STDERR
# strata: error: -v /data: not SOURCE:TARGET[:ro]; `--tmpfs /data` gives a directory that is empty at the start
#---- EXIT: 125
#---- RUN: strata run -v .:data app
#---- STDERR
# strata: error: -v .:data: the target is not absolute
#---- EXIT: 125
#---- RUN: strata run -v .:/data:rx app
#---- STDERR
# strata: error: -v .:/data:rx: unknown option `rx` (known: ro, rw)
#---- EXIT: 125
#---- RUN: strata run --tmpfs /tmp:sise=1m app
#---- STDERR
# strata: error: --tmpfs /tmp:sise=1m: unknown option `sise=1m` (known: size=, mode=, uid=, gid=, ro, exec, suid, dev)
#---- EXIT: 125
#---- RUN: strata run -p 8080:http app
#---- STDERR
# strata: error: -p 8080:http: not [[ADDRESS:]HOST:]PORT[/tcp|/udp]
#---- EXIT: 125
#---- RUN: strata run --env-file none.env app
#---- STDERR
# strata: error: --env-file none.env: no such file or directory
#---- EXIT: 125
#---- RUN: strata run --name -db app
#---- STDERR
# strata: error: --name -db: a name has two and more letters, digits, `_`, `.` and `-`, and begins with a letter or digit
#---- EXIT: 125
#---- RUN: strata run --network bridge app
#---- STDERR
# strata: error: --network: bridge not in {host,none}
#---- EXIT: 125
#---- RUN: strata run --after app
#---- STDERR
# strata: error: --after requires --step; `strata run --help` lists its options
#---- EXIT: 125
#---- RUN: strata run --env-fil none.env app
#---- STDERR
# strata: error: `strata run` has no option `--env-fil`; did you mean `--env-file`?
#---- EXIT: 125
