# SPDX-License-Identifier: Apache-2.0
"""The soak: servers in this namespace, a crowd of clients under egress-run, and a watch over egress-run from outside.

usage: soak.py SECONDS EGRESS_RUN, in a network namespace without links.

Timeline: warm-up, quiet, load, quiet. Descriptors are compared between the two quiet times, memory between the middle and
the end of the load, when all tables have long been as full as they get.
"""
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import world

WARM_UP, QUIET = 20, 12
# What may remain open at the end: a descriptor or two that come and go.
DESCRIPTORS = 2
KEPT = 64
MEMORY_SLACK, MEMORY_LIMIT = 2048, 81920  # kB


def prepare_network():
    links = subprocess.run(["ip", "-o", "link"], check=True, capture_output=True, text=True).stdout.splitlines()
    if len(links) != 1:
        sys.exit("soak: this namespace has links; run scripts/soak")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in world.ADDRESSES:
        subprocess.run(["ip", "address", "add", address + "/32", "dev", "lo"], check=True)
    for address in world.HOSTS6:
        subprocess.run(["ip", "address", "add", address + "/128", "dev", "lo", "nodad"], check=True)
    # What tells egress-run that this machine has IPv6.
    subprocess.run(["ip", "route", "add", "local", "::/0", "dev", "lo", "table", "main"], check=True)


def descriptors(pid):
    """Without files of unix sockets that were found to be the command's: egress-run keeps the last 64 open on purpose."""
    kept, others = 0, 0
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            name = os.path.basename(os.readlink(f"/proc/{pid}/fd/{number}"))
        except FileNotFoundError:
            continue
        if name.startswith("own"):
            kept += 1
        else:
            others += 1
    return others + max(0, kept - KEPT)


def memory(pid):
    """The resident memory in kB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def agent_of(pid):
    """The child of egress-run that stays in the relay."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        for child in children.read().split():
            with open(f"/proc/{child}/comm", encoding="ascii") as name:
                if name.read().strip() == "egress-agent":
                    return int(child)
    return None


def start(binary, folder, seconds):
    policy = os.path.join(folder, "policy.json")
    with open(policy, "w", encoding="ascii") as file:
        json.dump({"version": 1, "allow": [name for name in world.names()] + [".wild.example"]}, file)
    here = os.path.dirname(os.path.abspath(__file__))
    unix = ["--allow-unix", os.path.join(folder, world.UNIX), "--allow-unix-datagram", "inside"]
    command = [binary, *unix, "--policy", policy, "--dns", world.DNS, "--audit", os.path.join(folder, "audit.jsonl"), "--"]
    crowd = [sys.executable, os.path.join(here, "crowd.py"), str(seconds), str(WARM_UP), str(QUIET), folder]
    with open(os.path.join(folder, "stderr"), "wb") as stderr:
        return subprocess.Popen(command + crowd, stdout=subprocess.PIPE, stderr=stderr, text=True)


def watch(process, seconds):
    """Samples of (seconds since the start, descriptors, kB, descriptors of the agent), one a second."""
    samples, begin = [], time.monotonic()
    while process.poll() is None and time.monotonic() - begin < seconds + 60:
        try:
            agent = agent_of(process.pid)
            samples.append(
                (
                    time.monotonic() - begin,
                    descriptors(process.pid),
                    memory(process.pid),
                    descriptors(agent) if agent else 0,
                )
            )
        except (OSError, StopIteration):
            pass  # it has just ended
        time.sleep(1)
    return samples


def between(samples, first, last, column):
    return [sample[column] for sample in samples if first <= sample[0] < last]


def judge(samples, seconds, totals, canary_hits):
    """Prints the figures; returns what is wrong."""
    wrong = []
    load_begin, load_end = WARM_UP + QUIET, seconds - QUIET
    middle = load_begin + (load_end - load_begin) * 0.5
    for column, who in ((1, "supervisor"), (3, "agent")):
        first = between(samples, WARM_UP + QUIET - 3, WARM_UP + QUIET - 0.5, column)
        last = between(samples, seconds - 3, seconds - 0.5, column)
        peak = max(between(samples, 0, seconds, column), default=0)
        if not first or not last:
            wrong.append(f"no samples of the {who}")
            continue
        print(f"descriptors of the {who}: {min(first)} after warm-up, {peak} at most, {min(last)} at the end")
        if min(last) > min(first) + DESCRIPTORS:
            wrong.append(f"descriptors of the {who} grew from {min(first)} to {min(last)}")
    before = statistics.median(between(samples, middle - 10, middle, 2) or [0])
    after = statistics.median(between(samples, load_end - 10, load_end, 2) or [0])
    peak = max(between(samples, 0, seconds, 2), default=0)
    print(f"memory in kB: {before:.0f} in the middle of the load, {after:.0f} at its end, {peak} at most")
    if after > before * 1.1 + MEMORY_SLACK:
        wrong.append(f"memory grew from {before:.0f} to {after:.0f} kB")
    if peak > MEMORY_LIMIT:
        wrong.append(f"memory reached {peak} kB; the budget is {MEMORY_LIMIT}")
    print("clients: " + ", ".join(f"{kind} {count}" for kind, count in sorted(totals.items())))
    for kind in world.KINDS + ["killed"]:
        if totals.get(kind, 0) == 0:
            wrong.append(f"nothing of kind '{kind}' was done")
    wrong += [f"{totals[kind]} times: {kind}" for kind in totals if kind.startswith("failed") and totals[kind]]
    # One hit is our own, which shows that the canary can be reached at all.
    print(f"canary: {canary_hits - 1} hits")
    if canary_hits != 1:
        wrong.append(f"the canary was hit {canary_hits} times; once is our own probe")
    return wrong


def main():
    seconds, binary = int(sys.argv[1]), os.path.abspath(sys.argv[2])
    prepare_network()
    with tempfile.TemporaryDirectory(prefix="egress-soak-") as folder:
        servers = world.start(folder)
        with socket.create_connection((world.CANARY, world.PORT), timeout=5):
            pass
        process = start(binary, folder, seconds)
        try:
            samples = watch(process, seconds)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            output, _ = process.communicate()
        with open(os.path.join(folder, "stderr"), encoding="utf-8", errors="replace") as file:
            complaints = file.read().splitlines()
        decisions = sum(1 for _ in open(os.path.join(folder, "audit.jsonl"), encoding="ascii"))
    wrong = [f"egress-run ended with {process.returncode}"] if process.returncode != 0 else []
    print(f"audit: {decisions} lines; standard error: {len(complaints)} lines")
    if wrong:
        wrong += complaints[-10:]
    lines = output.splitlines()
    wrong += judge(samples, seconds, json.loads(lines[-1]) if lines else {}, world.canary_hits(servers))
    world.stop(servers)
    for line in wrong:
        print(f"soak: {line}", file=sys.stderr)
    print("flat" if not wrong else "not flat")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
