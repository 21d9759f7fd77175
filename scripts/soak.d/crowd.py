# SPDX-License-Identifier: Apache-2.0
"""The clients of the soak, under egress-run: each a process that does its kind of work until it is killed.

usage: crowd.py SECONDS WARM_UP QUIET FOLDER. The last line of the output is a JSON object: how often what was done.
"""
import errno
import json
import mmap
import os
import random
import signal
import socket
import struct
import sys
import tempfile
import time

import world

# Two clients of each kind; names, which cost us most of the work, have four.
CROWD = [kind for kind in world.KINDS for _ in range(4 if kind == "name" else 2)]
FAILED = [f"failed {kind}" for kind in ("download", "upload", "short", "ipv6", "unix", "outside unix", "unix datagram")]
FAILED += ["denied name resolved", "denied target connected"]
# Kinds of which any other error than that of an expired pin counts.
LOUD = ("short", "download", "upload", "ipv6", "unix", "outside unix", "unix datagram")
COUNTERS = world.KINDS + [f"failed: {what}" for what in FAILED] + ["killed"]


class Counts:
    """Counters that the processes share: each slot has its own row, so that none is written by two."""

    def __init__(self, rows):
        self.columns = len(COUNTERS)
        self.memory = mmap.mmap(-1, rows * self.columns * 8)

    def add(self, row, what):
        at = (row * self.columns + COUNTERS.index(what)) * 8
        value = struct.unpack_from("Q", self.memory, at)[0]
        struct.pack_into("Q", self.memory, at, value + 1)

    def totals(self):
        values = struct.unpack_from(f"{len(self.memory) // 8}Q", self.memory)
        return {what: sum(values[index :: self.columns]) for index, what in enumerate(COUNTERS)}


def address():
    """An address that was resolved just now."""
    while True:
        try:
            found = socket.getaddrinfo(f"n{random.randrange(world.NAMES)}.soak.example", 0, socket.AF_INET)
            return random.choice(found)[4][0]
        except socket.gaierror:
            pass  # some names do not exist, some servers do not answer


def address6():
    """The same over IPv6."""
    while True:
        try:
            found = socket.getaddrinfo(f"n{random.randrange(world.NAMES)}.soak.example", 0, socket.AF_INET6)
            return random.choice(found)[4][0]
        except socket.gaierror:
            pass


def exchange_short(client, what):
    """Ten bytes asked for, over any stream; returns what was wrong, if anything."""
    with client:
        client.sendall(b"10\n")
        return None if receive(client) == 10 else f"failed: failed {what}"


def local_stream():
    """A server and a client of our own, by a path and by an abstract name."""
    with tempfile.TemporaryDirectory() as folder:
        for name in (os.path.join(folder, "own"), "\0" + folder):
            with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
                server.bind(name)
                server.listen()
                client.connect(name)
                accepted, _ = server.accept()
                with accepted:
                    client.sendall(b"own")
                    if accepted.recv(9) != b"own":
                        return "failed: failed unix"
    return None


def local_datagrams():
    """Datagrams with a descriptor along, to ourselves, by sendto(2) and sendmsg(2)."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(os.path.join(folder, "own"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", client.fileno()))]
            for _ in range(5):
                client.sendto(b"own", server.getsockname())
                client.sendmsg([b"o", b"wn"], rights, 0, server.getsockname())
                first, (second, numbers, _, _) = server.recv(9), socket.recv_fds(server, 9, 2)
                for number in numbers:
                    os.close(number)
                if (first, second, len(numbers)) != (b"own", b"own", 1):
                    return "failed: failed unix datagram"
    return None


def denied_local():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_UNIX, kind) as client:
            try:
                if kind == socket.SOCK_STREAM:
                    client.connect(os.path.join(sys.argv[4], world.UNIX_CANARY))
                else:
                    client.sendto(b"denied", os.path.join(sys.argv[4], world.UNIX_CANARY))
                return "failed: denied target connected"
            except PermissionError:
                time.sleep(0.01)
    return None


def connect():
    return socket.create_connection((address(), world.PORT), timeout=20)


def receive(connection, limit=None, pause=0.0):
    count = 0
    while chunk := connection.recv(65536):
        count += len(chunk)
        if limit and count >= limit:
            break
        if pause:
            time.sleep(pause)
    return count


def transfer(kind):
    """One connection of a kind; returns what was wrong, if anything."""
    with connect() as connection:
        if kind == "reset":
            connection.sendall(b"1000000\n")
            receive(connection, limit=random.randrange(1, 500000))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif kind == "upload":
            size = random.randrange(1, 2000000)
            connection.sendall(b"up\n" + b"y" * size)
            connection.shutdown(socket.SHUT_WR)
            if connection.recv(100).strip() != b"%d" % size:
                return "failed: failed upload"
        elif kind == "slow":
            connection.sendall(b"100000000\n")
            receive(connection, limit=2000000, pause=0.05)
        elif kind == "idle":
            time.sleep(random.uniform(1, 5))
        else:
            size = random.randrange(1, 5000000) if kind == "download" else 10
            connection.sendall(b"%d\n" % size)
            if receive(connection) != size:
                return f"failed: failed {kind}"
    return None


def work(kind, slot):
    if kind == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            # Few ports, used again and again: the relay keeps a flow for two minutes.
            client.bind(("0.0.0.0", 40000 + slot))
            client.settimeout(0.2)
            client.sendto(os.urandom(random.randrange(1, 1200)), (address(), world.UDP_PORT))
            try:
                client.recv(2000)
            except OSError:
                return None  # a pin may have ended just now
    elif kind == "ipv6":
        return exchange_short(socket.create_connection((address6(), world.PORT), timeout=20), kind)
    elif kind == "unix":
        return local_stream()
    elif kind == "outside unix":
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(os.path.join(sys.argv[4], world.UNIX))
        return exchange_short(client, kind)
    elif kind == "unix datagram":
        return local_datagrams()
    elif kind == "denied unix":
        return denied_local()
    elif kind == "name":
        address()
    elif kind == "denied name":
        name = random.choice([f"x{random.getrandbits(40)}.denied.example", f"y{random.getrandbits(40)}.wild.example"])
        try:
            socket.getaddrinfo(name, 0)
            if name.endswith("denied.example"):
                return "failed: denied name resolved"
        except socket.gaierror:
            pass
        time.sleep(0.01)
    elif kind == "denied connect":
        try:
            with socket.create_connection((world.CANARY, world.PORT), timeout=20):
                return "failed: denied target connected"
        except OSError:
            time.sleep(0.01)
    else:
        return transfer(kind)
    return None


def client(kind, slot, counts):
    random.seed()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        try:
            wrong = work(kind, slot)
        except OSError as error:
            # What was resolved may have expired before it is connected to, when the machine is busy.
            if error.errno in (errno.EACCES, errno.ECONNREFUSED, errno.ECONNRESET, errno.EADDRINUSE, errno.EHOSTUNREACH):
                time.sleep(0.05)
                continue
            wrong = f"failed: failed {kind}" if kind in LOUD else None
        counts.add(slot, wrong or kind)


def start(slot, counts):
    pid = os.fork()
    if pid == 0:
        try:
            client(CROWD[slot], slot, counts)
        finally:
            os._exit(1)
    return pid


def crowd(seconds, counts):
    """Runs the crowd for a time, and kills one of it now and then."""
    clients = [start(slot, counts) for slot in range(len(CROWD))]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(random.uniform(0.1, 0.5))
        slot = random.randrange(len(CROWD))
        os.kill(clients[slot], signal.SIGKILL)
        os.waitpid(clients[slot], 0)
        counts.add(len(CROWD), "killed")
        clients[slot] = start(slot, counts)
    for pid in clients:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def main():
    seconds, warm_up, quiet = map(int, sys.argv[1:4])
    counts = Counts(len(CROWD) + 1)
    begin = time.monotonic()
    crowd(warm_up, counts)
    time.sleep(max(0, begin + warm_up + quiet - time.monotonic()))
    crowd(begin + seconds - quiet - time.monotonic(), counts)
    time.sleep(max(0, begin + seconds - time.monotonic()))
    print(json.dumps(counts.totals()), flush=True)


if __name__ == "__main__":
    main()
