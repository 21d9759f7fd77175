# SPDX-License-Identifier: Apache-2.0
"""Makes a call that needs an answer of a file server which gives none for seconds (stage/fileserver.py, "stall"), and
connects elsewhere meanwhile.

usage: stall.py HOW ADDRESS PORT   prints how long the longest of those took, and how long a look at a file of the server
HOW: descriptor (connect(2) on a file), socket, directory (by a relative path), bind, datagram, none;
or linger, for sockets that are closed while a call is made on them, and that have much to send (SO_LINGER).
"""

import ctypes
import os
import random
import socket
import struct
import sys
import tempfile
import threading
import time

how, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
SECONDS = 3
place = os.environ.get("PLACE")


def in_process(action):
    pid = os.fork()
    if pid == 0:
        try:
            action()
        except OSError:
            pass
        finally:
            os._exit(0)
    return pid


def connect(family, name):
    start = time.monotonic()
    with socket.socket(family) as client:
        client.settimeout(10)
        client.connect(name)
    return time.monotonic() - start


def neighbour(writer):
    """Connects to a server of its own and over the network, again and again."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/own")
        server.listen(100)
        longest, end = 0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            longest = max(longest, connect(socket.AF_UNIX, f"{folder}/own"),
                          connect(socket.AF_INET, (address, port)))
            server.accept()[0].close()
            time.sleep(0.02)
    os.write(writer, struct.pack("d", longest))


def measured(action):
    """Makes the call, and tells the longest time of a neighbour."""
    reader, writer = os.pipe()
    beside = in_process(lambda: neighbour(writer))
    time.sleep(0.2)  # so that the neighbour is known already
    caller = in_process(action)
    longest, = struct.unpack("d", os.read(reader, 8))
    os.waitpid(beside, 0)
    os.waitpid(caller, 0)
    return longest


def prepare():
    """What is made before the server stalls; the call that is made then."""
    if how == "descriptor":
        file = os.open(f"{place}/file", os.O_RDWR | os.O_CREAT)
        name = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_aton(address))
        return lambda: libc.connect(file, name, 16)
    if how in ("socket", "directory"):
        server = socket.socket(socket.AF_UNIX)
        server.bind(f"{place}/sock")
        server.listen()
        if how == "directory":
            return lambda: (os.fchdir(directory), connect(socket.AF_UNIX, "sock"))
        return lambda: (server, connect(socket.AF_UNIX, f"{place}/sock"))
    if how == "bind":
        return lambda: socket.socket(socket.AF_UNIX).bind(f"{place}/new")
    if how == "datagram":
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        server.bind(f"{place}/sock")
        return lambda: (server, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"x", f"{place}/sock"))
    return lambda: None


def stalled(action):
    start = time.monotonic()
    open(f"{os.environ['STAGE']}/stall", "w").close()
    looks = []

    def look():
        os.stat(place)
        looks.append(time.monotonic() - start)

    thread = threading.Thread(target=look)
    thread.start()
    longest = measured(action)
    thread.join()
    return longest, looks[0]


def linger():
    """A thread calls on a socket that another closes: whoever has the last copy of it waits until all is sent."""
    server = socket.create_server(("127.0.0.1", 0))
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    end = time.monotonic() + SECONDS
    kept = []
    while time.monotonic() < end:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client.connect(server.getsockname())
        kept.append(server.accept()[0])
        client.setblocking(False)
        try:
            while True:
                client.send(bytes(4096))
        except BlockingIOError:
            pass
        client.setblocking(True)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 2))
        number = client.detach()
        name = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), socket.inet_aton(address))
        thread = threading.Thread(target=lambda: [libc.connect(number, name, 16) for _ in range(300)])
        thread.start()
        time.sleep(random.uniform(0.001, 0.005))
        closer = threading.Thread(target=os.close, args=(number,))
        closer.start()
        thread.join()


if how == "linger":
    print(f"{measured(linger):.2f} 0")
else:
    directory = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    print("%.2f %.2f" % stalled(prepare()))
