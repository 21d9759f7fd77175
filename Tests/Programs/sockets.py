# SPDX-License-Identifier: Apache-2.0
"""Tries to reach the unix socket of somebody outside on the stage's file system (stage/stage.py), by a file of one's own
that looks like it.

usage: sockets.py NAME [ARGUMENT...]   ends with status 0 when it was reached
"""

import ctypes
import errno
import os
import socket
import struct
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
PLACE, STAGE = os.environ["PLACE"], os.environ["STAGE"]


def reach(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        client.connect(path)
        client.send(b"reached\n")
        client.recv(100)


def listen(path):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(16)
    return server


def visit(path):
    """Connects to a socket of one's own, after which it may be remembered as that."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


def restart():
    """Has the service start, as a package upgrade would; nothing that is known of its file holds any more."""
    open(f"{STAGE}/again", "w").close()
    end = time.monotonic() + 5
    while not os.path.exists(f"{STAGE}/ready"):
        if time.monotonic() > end:
            raise OSError(errno.ETIMEDOUT, "the service did not start")
        time.sleep(0.01)


def path(name):
    reach(f"{PLACE}/{name}")


def stripped(name):
    """Without the rights by which root opens what others own (capset(2))."""
    header, data = struct.pack("=Ii", 0x20080522, 0), ctypes.create_string_buffer(24)
    libc.capget(header, data)
    words = list(struct.unpack("=6I", data.raw))
    for index in (0, 1):  # effective and permitted: CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        words[index] &= ~(1 << 1 | 1 << 2)
    libc.capset(header, struct.pack("=6I", *words))
    path(name)


def again(name):
    """One's own is remembered and removed; the service gets its number, where a file system uses numbers again."""
    server = listen(f"{PLACE}/own")
    visit(f"{PLACE}/own")
    server.close()
    os.unlink(f"{PLACE}/own")
    restart()
    path(name)


def beside(name):
    """As `again`, while one's own stays: for file systems on which two files have one number."""
    with listen(f"{PLACE}/own"):
        visit(f"{PLACE}/own")
        restart()
        path(name)


def twin(own, name):
    """Makes sockets of one's own until one has the number of the other's, then connects to the other's."""
    wanted = os.stat(f"{PLACE}/{name}").st_ino
    kept = []
    for count in range(300):
        kept.append(listen(f"{PLACE}/{own}{count}"))
        if os.stat(f"{PLACE}/{own}{count}").st_ino == wanted:
            break
    path(name)


def renamed(name, allowed):
    """Gives somebody's socket a name that is allowed, and that nobody had so far."""
    os.rename(f"{PLACE}/{name}", f"{PLACE}/{allowed}")
    path(allowed)


def linked(name, allowed):
    os.link(f"{PLACE}/{name}", f"{PLACE}/{allowed}")
    path(allowed)


def again_by_datagram(name):
    """As `again`, for a service that takes datagrams."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        server.bind(f"{PLACE}/own")
        client.sendto(b"own\n", f"{PLACE}/own")
        server.close()
        os.unlink(f"{PLACE}/own")
        restart()
        client.sendto(b"reached\n", f"{PLACE}/{name}")
    time.sleep(0.2)  # for its reader to tell


def exchanged(name, own):
    """The two files change places all the time."""
    server = listen(f"{PLACE}/{own}")
    swapper = os.fork()
    if swapper == 0:
        one, other = f"{PLACE}/{name}".encode(), f"{PLACE}/{own}".encode()
        end = time.monotonic() + 3
        while time.monotonic() < end:
            libc.renameat2(-100, one, -100, other, 2)  # AT_FDCWD, RENAME_EXCHANGE
        os._exit(0)
    server.setblocking(False)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as client:
            client.setblocking(False)
            try:
                client.connect(f"{PLACE}/{name}")
                client.send(b"exchanged\n")
            except OSError:
                pass
        try:
            server.accept()[0].close()
        except BlockingIOError:
            pass
    os.kill(swapper, 9)
    os.waitpid(swapper, 0)


try:
    globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
except OSError as error:
    sys.exit(f"{sys.argv[1]}: {errno.errorcode.get(error.errno, type(error).__name__)}: {error}")
