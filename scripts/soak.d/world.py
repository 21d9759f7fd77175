# SPDX-License-Identifier: Apache-2.0
"""The servers of the soak, in a process of their own: TCP, UDP echo, DNS, and a canary that nobody may reach."""
import asyncio
import multiprocessing
import os
import random
import signal
import socket
import struct

HOSTS = [f"93.184.216.{last}" for last in range(34, 42)]
DNS = "93.184.216.53"
CANARY = "93.184.216.99"
ADDRESSES = HOSTS + [DNS, CANARY]
PORT, UDP_PORT = 8080, 9000
NAMES = 600
HOSTS6 = [f"2606:2800:220:1::{last:x}" for last in range(34, 38)]
KINDS = ["short", "reset", "download", "upload", "slow", "idle", "udp", "name", "denied name", "denied connect"]
KINDS += ["ipv6", "unix", "outside unix", "unix datagram", "denied unix"]
# The path of a socket that is allowed, and of one that is not.
UNIX, UNIX_CANARY = "allowed.socket", "canary.socket"


def names():
    """The names that are allowed one by one."""
    return [f"n{number}.soak.example" for number in range(NAMES)]


async def serve_stream(reader, writer):
    """A line with a number: that many bytes come back. A line `up`: what follows is counted, and the count comes back."""
    try:
        line = (await reader.readline()).strip()
        if line == b"up":
            count = 0
            while chunk := await reader.read(65536):
                count += len(chunk)
            writer.write(b"%d\n" % count)
        else:
            left, block = int(line or b"0"), b"x" * 65536
            while left > 0:
                writer.write(block[:left])
                left -= len(block)
                await writer.drain()
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    except (OSError, ValueError):
        writer.close()


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


def answer(query):
    """The answer to a query; None for no answer at all. `nN` has addresses, but some are slow, truncated or missing."""
    if len(query) < 17:
        return None
    end = 12
    while end < len(query) and query[end]:
        end += query[end] + 1
    question, kind = query[12 : end + 5], query[end + 1 : end + 3]
    number = sum(question)
    if number % 97 == 0:
        return None
    if number % 31 == 0:
        return query[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + question  # NXDOMAIN
    if kind == b"\0\x1c" and number % 2:
        host = socket.inet_pton(socket.AF_INET6, random.choice(HOSTS6))
        head = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question
        return head + b"\xc0\x0c\0\x1c\0\1" + struct.pack("!IH", random.randint(0, 5), 16) + host
    if kind != b"\0\1":
        return query[:2] + b"\x81\x80\0\1\0\0\0\0\0\0" + question
    hosts = random.sample(HOSTS, random.randint(1, 3))
    records = [
        b"\xc0\x0c\0\1\0\1" + struct.pack("!IH", random.randint(0, 5), 4) + bytes(map(int, host.split(".")))
        for host in hosts
    ]
    return query[:2] + b"\x81\x80\0\1" + struct.pack("!H", len(records)) + b"\0\0\0\0" + question + b"".join(records)


class Names(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        reply = answer(data)
        if reply and sum(reply) % 13 == 0:  # over TCP, please
            reply = reply[:2] + b"\x83\x80\0\1\0\0\0\0\0\0" + reply[12 : 12 + reply[12:].index(0) + 5]
        if reply:
            self.transport.sendto(reply, address)


async def serve_names(reader, writer):
    try:
        size = struct.unpack("!H", await reader.readexactly(2))[0]
        reply = answer(await reader.readexactly(size))
        if reply:
            writer.write(struct.pack("!H", len(reply)) + reply)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def serve(ready, hits, folder):
    loop = asyncio.get_running_loop()

    async def canary(_, writer):
        with hits.get_lock():
            hits.value += 1
        writer.close()

    for path, serve_it in ((UNIX, serve_stream), (UNIX_CANARY, canary)):
        await asyncio.start_unix_server(serve_it, os.path.join(folder, path), backlog=1024)
        os.chmod(os.path.join(folder, path), 0o777)
    for host in HOSTS6:
        await asyncio.start_server(serve_stream, host, PORT, backlog=1024)
    for host in HOSTS:
        await asyncio.start_server(serve_stream, host, PORT, backlog=1024)
        await loop.create_datagram_endpoint(Echo, local_addr=(host, UDP_PORT))
    await asyncio.start_server(canary, CANARY, PORT)
    await loop.create_datagram_endpoint(Names, local_addr=(DNS, 53))
    await asyncio.start_server(serve_names, DNS, 53)
    ready.set()
    await asyncio.Event().wait()


def run(ready, hits, folder):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(serve(ready, hits, folder))


def start(folder):
    """Starts the servers and waits until they listen."""
    ready, hits = multiprocessing.Event(), multiprocessing.Value("i", 0)
    process = multiprocessing.Process(target=run, args=(ready, hits, folder), daemon=True)
    process.start()
    if not ready.wait(10):
        raise SystemExit("soak: the servers did not start")
    return process, hits


def canary_hits(servers):
    return servers[1].value


def stop(servers):
    servers[0].terminate()
    servers[0].join(5)
