# SPDX-License-Identifier: Apache-2.0
"""Sends in every way that a run with unix datagram sockets mediates; a line for each with its result. What it prints must be
the same with and without egress-run. Runs in a directory that can be written to."""

import array
import errno
import os
import signal
import socket
import struct
import tempfile
import threading
import time

SCM_RIGHTS, SCM_CREDENTIALS, SO_PASSCRED, SO_SNDTIMEO = 1, 2, 16, 21


def say(what, action):
    try:
        result = action()
    except OSError as error:
        result = errno.errorcode.get(error.errno, str(error))
    except InterruptedError:
        result = "EINTR"
    print(f"{what}: {result}", flush=True)


def credentials(pid):
    return [(socket.SOL_SOCKET, SCM_CREDENTIALS, struct.pack("iII", pid, os.getuid(), os.getgid()))]


def received(sock):
    """What came, with the sender's ids and the number of descriptors."""
    data, ancillary, _, _ = sock.recvmsg(1000, 1000)
    ids = [struct.unpack("iII", value)[1:] for _, kind, value in ancillary if kind == SCM_CREDENTIALS]
    rights = [array.array("i", value) for _, kind, value in ancillary if kind == SCM_RIGHTS]
    for numbers in rights:
        for number in numbers:
            os.write(number, b"given")
            os.close(number)
    return data, ids == [(os.getuid(), os.getgid())], sum(map(len, rights))


def unix_datagrams():
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind("own")
    server.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 1)
    client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    for name in ("own", "./own", os.path.realpath("own")):
        say("sendto", lambda: client.sendto(b"to", name))
        say("received", lambda: received(server))
    say("sendmsg", lambda: client.sendmsg([b"a", b"", b"bc"], [], 0, "own"))
    say("received", lambda: received(server))
    reader, writer = os.pipe()
    rights = [(socket.SOL_SOCKET, SCM_RIGHTS, array.array("i", [writer, writer]))]
    say("descriptors", lambda: client.sendmsg([b"fd"], rights, 0, "own"))
    say("received", lambda: received(server))
    say("through them", lambda: os.read(reader, 100))
    say("no descriptor", lambda: client.sendmsg([b"fd"], [(1, SCM_RIGHTS, array.array("i", [999]))], 0, "own"))
    say("credentials", lambda: client.sendmsg([b"id"], credentials(os.getpid()), 0, "own"))
    say("received", lambda: received(server))
    say("nothing", lambda: client.sendto(b"", "own"))
    say("received", lambda: received(server))
    say("absent", lambda: client.sendto(b"x", "absent"))
    say("no name", lambda: client.sendmsg([b"x"]))
    say("too much", lambda: client.sendto(bytes(300000), "own"))
    say("far too much", lambda: client.sendto(bytes(3000000), "own"))
    say("nobody's abstract name", lambda: client.sendto(b"x", "\0nobody"))
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    say("pair", lambda: (one.send(b"1"), one.sendmsg([b"2"]), other.recv(9), other.recv(9)))
    say("pair, elsewhere", lambda: (one.sendto(b"3", "own"), received(server)[0]))
    waiting(server, client)
    server.close()
    say("abandoned", lambda: client.sendto(b"x", "own"))


def waiting(server, client):
    def fill():
        client.setblocking(False)
        try:
            for count in range(10000):
                client.sendto(b"full", "own")
        except BlockingIOError:
            return count
        finally:
            client.setblocking(True)

    count = fill()
    drain = threading.Timer(0.3, lambda: [server.recv(100) for _ in range(count)])
    drain.start()
    begin = time.monotonic()
    say("waits for room", lambda: client.sendto(b"late", "own"))
    print("waited", time.monotonic() - begin > 0.2)
    drain.join()
    say("received", lambda: server.recv(100))
    fill()
    client.setsockopt(socket.SOL_SOCKET, SO_SNDTIMEO, struct.pack("ll", 0, 100000))
    say("time-out", lambda: client.sendto(b"late", "own"))
    client.setsockopt(socket.SOL_SOCKET, SO_SNDTIMEO, struct.pack("ll", 0, 0))

    def on_alarm(*_):
        raise InterruptedError

    signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    say("interrupted", lambda: client.sendto(b"late", "own"))


def streams():
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        say("stream", lambda: (client.sendmsg([b"a", b"bc"]), accepted.recv(9)))
        counts = []
        reader = threading.Thread(target=lambda: counts.extend(iter(lambda: len(accepted.recv(1 << 20)), 0)))
        reader.start()
        say("much of a stream", lambda: client.sendmsg([bytes(400000), bytes(500000)]))
        client.shutdown(socket.SHUT_WR)
        reader.join()
        print("arrived", sum(counts))
        accepted.close()
        signals = []
        signal.signal(signal.SIGPIPE, lambda *_: signals.append(1))
        say("shut down", lambda: client.sendmsg([b"x"]))
        say("shut down, quietly", lambda: client.sendmsg([b"x"], [], socket.MSG_NOSIGNAL))
        print("signals", len(signals))


def datagrams():
    for family, address, level, option in ((socket.AF_INET, "127.0.0.1", 0, 1), (socket.AF_INET6, "::1", 41, 67)):
        server, client = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
        server.bind((address, 0))
        say("udp", lambda: (client.sendto(b"udp", server.getsockname()), server.recv(9)))
        marked = [(level, option, struct.pack("i", 16))]
        say("udp, marked", lambda: (client.sendmsg([b"tos"], marked, 0, server.getsockname()), server.recv(9)))
        say("udp, too much", lambda: client.sendto(bytes(70000), server.getsockname()))


os.chdir(tempfile.mkdtemp())
unix_datagrams()
streams()
datagrams()
