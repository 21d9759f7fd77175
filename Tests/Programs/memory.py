# SPDX-License-Identifier: Apache-2.0
"""Runs a command that the kernel lets have so much memory, in a memory cgroup (cgroups(7)), and ends as it does.

usage: memory.py MEGABYTES command...
"""

import os
import sys
import tempfile

# Of version 1, then of version 2.
PLACES = [
    ("/sys/fs/cgroup/memory", ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"]),
    ("/sys/fs/cgroup", ["memory.max", "memory.swap.max"]),
]


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def group(limit):
    """A group's folder; it must have the first of its files, while swap may not be accounted for."""
    for place, files in PLACES:
        try:
            folder = tempfile.mkdtemp(prefix="egress-run-", dir=place)
        except OSError:
            continue
        if not os.path.exists(f"{folder}/{files[0]}"):
            os.rmdir(folder)
            continue
        for file in files:
            if os.path.exists(f"{folder}/{file}"):
                write(f"{folder}/{file}", "0" if file == "memory.swap.max" else str(limit))
        return folder
    sys.exit("memory.py: there is no memory cgroup to be had")


folder = group(int(sys.argv[1]) << 20)
child = os.fork()
if child == 0:
    write(f"{folder}/cgroup.procs", str(os.getpid()))
    os.execvp(sys.argv[2], sys.argv[2:])
_, status = os.waitpid(child, 0)
os.rmdir(folder)
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
