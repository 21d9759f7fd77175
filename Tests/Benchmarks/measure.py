# SPDX-License-Identifier: Apache-2.0
"""Measures inside the network namespace that scripts/bench made, and prints the table."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

ADDRESS, PORT = "93.184.216.34", 7100
HERE = Path(__file__).resolve().parents[2]
processes = []


def start(*command, **options):
    """A process that lives until the end."""
    process = subprocess.Popen(list(map(str, command)), **options)
    processes.append(process)
    return process


def output(*command, timeout=60):
    result = subprocess.run(
        list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout
    )
    if result.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with status {result.returncode}: {result.stderr.strip()[-200:]}")
    return result.stdout


def numbers(*command, timeout=60):
    return list(map(float, output(*command, timeout=timeout).split()))


class World:
    """The servers, and each tool as the words that come before a client's command line."""

    def __init__(self, binaries, scratch):
        self.scratch = scratch
        self.probe = scratch / "probe"
        self.egress_run = binaries / "egress-run"
        self.policy_bench = binaries / "policy-bench"
        self.tools = {"native": []}
        self.skipped = {}
        output("ip", "link", "set", "lo", "up")
        output("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
        # Thousands of connections in TIME_WAIT would make every later connect(2) search for a free port.
        Path("/proc/sys/net/ipv4/tcp_max_tw_buckets").write_text("64")
        start(self.probe, "serve", ADDRESS, PORT)
        rules = [word for port in (PORT, PORT + 1) for word in ("--allow", f"{ADDRESS}:{port}")]
        self.tools["egress-run"] = [self.egress_run, *rules, "--"]
        for name, add in [("sandlock", self.sandlock), ("proxychains+tinyproxy", self.proxychains), ("slirp4netns", self.slirp)]:
            self.add(name, add)

    def add(self, name, prepare):
        """Takes a peer in if one short run of it works; else remembers why not."""
        try:
            command = prepare()
            time.sleep(0.3)
            output(*command, self.probe, "hold", ADDRESS, PORT, 1, timeout=10)
            self.tools[name] = command
        except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
            self.skipped[name] = str(error).splitlines()[0]

    def sandlock(self):
        python = self.scratch / "sandlock/bin/python"
        if not python.exists():
            raise RuntimeError("the package index is not in reach")
        script = (
            "import sys; from sandlock import Sandbox; "
            f"sandbox = Sandbox(fs_readable=['/'], net_allow=['{ADDRESS}:{PORT}', '{ADDRESS}:{PORT + 1}']); "
            "sys.exit(sandbox.run_interactive(sys.argv[1:]))"
        )
        return [python, "-c", script]

    def proxychains(self):
        proxy, chain = self.scratch / "tinyproxy.conf", self.scratch / "proxychains.conf"
        proxy.write_text("Port 7200\nListen 127.0.0.1\nMaxClients 2000\nTimeout 60\nLogLevel Critical\n")
        chain.write_text("strict_chain\nquiet_mode\n[ProxyList]\nhttp 127.0.0.1 7200\n")
        start("tinyproxy", "-d", "-c", proxy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return ["proxychains4", "-q", "-f", chain]

    def slirp(self):
        inside = start("unshare", "--user", "--map-root-user", "--net", "sleep", "1000")
        time.sleep(0.2)
        log = open(self.scratch / "slirp4netns.log", "w")
        start("slirp4netns", "--configure", "--mtu=65520", inside.pid, "tap0", stdout=log, stderr=log)
        time.sleep(0.3)
        return ["nsenter", f"--target={inside.pid}", "--user", "--net", "--preserve-credentials"]


class Table:
    HEAD = ("figure", "measured", "budget", "", "peers")

    def __init__(self):
        self.rows = []

    def add(self, figure, measured, budget, is_met, peers=""):
        self.rows.append((figure, measured, budget, "met" if is_met else "MISSED", peers))

    def __str__(self):
        """Columns of equal width; peers, which may be long, stand last."""
        rows = [self.HEAD, *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self.HEAD))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def network(world, table, rounds):
    """Connecting, a round trip and a flow, all tools in turn."""
    samples = {name: [] for name in world.tools}
    for _ in range(rounds):
        for name, command in world.tools.items():
            samples[name].append(numbers(*command, world.probe, "network", ADDRESS, PORT))

    def column(name, index):
        return [sample[index] for sample in samples[name]]

    def ratio(index, peer="native"):
        return median(ours / theirs for ours, theirs in zip(column("egress-run", index), column(peer, index)))

    def add(figure, index, unit, digits, budget, is_met):
        def text(name):
            return f"{median(column(name, index)):.{digits}f} {unit}"

        factor = ratio(index)
        peers = [f"{name} {text(name)}" for name in samples if name != "egress-run"]
        measured = f"{text('egress-run')} ({factor:.2f} × native)"
        table.add(figure, measured, budget, is_met(median(column("egress-run", index)), factor), ", ".join(peers))

    add("connect and close", 0, "µs", 1, "≤ 6 × native", lambda ours, factor: factor <= 6)
    if "sandlock" in samples:
        beside = ratio(0, "sandlock")
        table.add("connect and close, beside sandlock", f"{beside:.2f} ×", "≤ 0.8 ×", beside <= 0.8)
    add("64-byte round trip", 1, "µs", 1, "≤ 2.5 × native", lambda ours, factor: factor <= 2.5)
    add("one flow", 2, "GB/s", 2, "≥ 1.6 GB/s or 0.45 × native", lambda ours, factor: ours >= 1.6 or factor >= 0.45)


def start_up(world, table, rounds):
    ours = [world.egress_run, "--", "true"]
    peer = ["bwrap", "--unshare-all", "--dev-bind", "/", "/", "true"]
    first, second, factor = numbers(world.probe, "start", rounds * 10, *ours, ":::", *peer)
    measured = f"{first / 1000:.1f} ms ({factor:.2f} × bwrap)"
    table.add("egress-run -- true", measured, "≤ 1.5 × bwrap", factor <= 1.5, f"bwrap --unshare-all {second / 1000:.1f} ms")


def decisions(world, table):
    times = {int(rules): int(time) for rules, time in (line.split() for line in output(world.policy_bench).splitlines())}
    (few, quick), (many, slow) = sorted(times.items())
    # Flat: what is left of a factor of 10,000 in rules is that the larger table doesn't fit into the processor's caches.
    measured = f"{slow} ns ({quick} ns among {few})"
    table.add(f"decision among {many:,} rules", measured, "≤ 300 ns and ≤ 5 × of 10 rules", slow <= 300 and slow <= 5 * quick)


def resident(pid):
    """Megabytes."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def memory(world, table):
    for flows, budget in ((0, 15), (1000, 80)):
        client = [*world.tools["egress-run"], world.probe, "hold", ADDRESS, PORT, flows]
        process = subprocess.Popen(list(map(str, client)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(0.2)
        size = resident(process.pid)
        process.communicate("")
        if process.returncode != 0:
            raise RuntimeError(f"holding {flows} flows ended with status {process.returncode}")
        figure = f"supervisor, {flows:,} flows" if flows else "supervisor, idle"
        table.add(figure, f"{size:.1f} MB", f"≤ {budget} MB", size <= budget)


def further_rows(world, table):
    environment = dict(
        os.environ, EGRESS_RUN=str(world.egress_run), PROBE=str(world.probe), ADDRESS=ADDRESS, PORT=str(PORT)
    )
    for script in sorted((HERE / "scripts/bench.d").glob("*")):
        if not os.access(script, os.X_OK):
            continue
        result = subprocess.run([script], env=environment, capture_output=True, text=True, timeout=60)
        if result.returncode != 0:
            world.skipped[script.name] = f"status {result.returncode}: {result.stderr.strip()[-200:]}"
        for line in result.stdout.splitlines():
            figure, measured, budget, verdict = line.split("\t")
            table.add(figure, measured, budget, verdict == "met")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binaries", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    options = parser.parse_args()
    table = Table()
    try:
        world = World(options.binaries, options.scratch)
        network(world, table, options.rounds)
        start_up(world, table, options.rounds)
        decisions(world, table)
        memory(world, table)
        further_rows(world, table)
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGKILL)
            process.wait()
    # What relays is three processes to the two of a plain connection: on a busy machine ratios are worse than they are.
    system, load = os.uname(), os.getloadavg()[0]
    print(f"{system.sysname} {system.release} {system.machine}, {os.cpu_count()} processors, load {load:.1f}")
    print(table)
    for name, why in world.skipped.items():
        print(f"left out: {name}: {why}")


if __name__ == "__main__":
    sys.exit(main())
