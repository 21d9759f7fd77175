# SPDX-License-Identifier: Apache-2.0
"""Records everything that arrives where nothing may: one JSON line an arrival in DIRECTORY/arrivals.

Listens on the wildcard address for ports that no other server of the world uses (the world answers for every
address), and by address for the ports that the allowed servers use as well.
"""

import ctypes
import json
import os
import selectors
import signal
import socket
import sys
import time

ANY_ADDRESS_PORTS = [25, 81, 853, 4444, 8443]
BY_ADDRESS_PORTS = [53, 80, 443, 9443]
ADDRESSES = [
    "185.199.108.153", "2606:50c0:8000::153",  # denied.example
    "8.8.8.8", "1.1.1.1", "9.9.9.9", "2606:4700:4700::1111",  # resolvers that programs have built in
    "10.0.0.5", "192.168.1.10", "172.16.0.5", "100.100.100.200", "169.254.169.254", "fd00:ec2::254", "fd00::5",
    "64:ff9b::a00:5", "2002:a00:5::1",
]
IPV6_RECVPKTINFO, IPV6_PKTINFO, IP_PKTINFO, IPV6_FREEBIND, PR_SET_PDEATHSIG = 49, 50, 8, 78, 1

directory = sys.argv[1]
victims = []
arrivals = os.open(f"{directory}/arrivals", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
selector = selectors.DefaultSelector()


def record(protocol, address, port, data=b""):
    text = data[:80].decode("latin-1")
    line = {"protocol": protocol, "address": address.removeprefix("::ffff:"), "port": port, "data": text}
    os.write(arrivals, (json.dumps(line) + "\n").encode())


def accept(listener):
    connection, _ = listener.accept()
    where = connection.getsockname() if listener.family != socket.AF_UNIX else (listener.getsockname(), 0)
    name = where[0] if isinstance(where[0], str) else where[0].decode("latin-1")
    kind = "unix" if listener.family == socket.AF_UNIX else "tcp"
    record(kind, name, where[1])
    selector.register(connection, selectors.EVENT_READ, lambda peer: read(peer, kind, name, where[1]))


def read(connection, kind, address, port):
    """Answers what a web client and a plain one both take for success."""
    try:
        data = connection.recv(4096)
        if data:
            record(kind, address, port, data)
            connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\ncanary\n")
            connection.shutdown(socket.SHUT_WR)
            return
    except OSError:
        pass
    selector.unregister(connection)
    connection.close()


def datagram(server):
    data, ancillary, _, peer = server.recvmsg(4096, 256)
    address = "?"
    for _, kind, value in ancillary:
        if kind == IPV6_PKTINFO:
            address = socket.inet_ntop(socket.AF_INET6, value[:16])
        elif kind == IP_PKTINFO:
            address = socket.inet_ntop(socket.AF_INET, value[8:12])
    record("udp", address, server.getsockname()[1], data)
    try:
        server.sendmsg([b"canary\n"], ancillary, 0, peer)
    except OSError:
        pass


def listen(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for kind, ready in ((socket.SOCK_STREAM, accept), (socket.SOCK_DGRAM, datagram)):
        server = socket.socket(family, kind)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            server.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
            server.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
        else:
            server.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        server.bind((address, port))
        if kind == socket.SOCK_STREAM:
            # What finds no room comes again a second later, when another attempt would be blamed for it.
            server.listen(4096)
        server.setblocking(False)
        selector.register(server, selectors.EVENT_READ, ready)


def listen_unix(name, ready=accept):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if ready == local_datagram else socket.SOCK_STREAM)
    server.bind(name)
    if name[0] != "\0":
        os.chmod(name, 0o777)
    if ready != local_datagram:
        server.listen(16)
    selector.register(server, selectors.EVENT_READ, ready)


def signal_canary(account, uid):
    """A process outside the sandbox, of the same user as the command, that tells when a signal reaches it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        signal.signal(signal.SIGUSR1, lambda number, frame: record("signal", account, number))
        signal.signal(signal.SIGUSR2, lambda number, frame: os.write(writer, b"."))
        if os.getuid() == 0 and uid:
            try:
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
                # A change of uid clears this flag, and with it the permission to be inspected by the same user.
                ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
            except OSError:
                pass  # A world made by an ordinary user has only one uid.
        while True:
            signal.pause()
    os.close(writer)
    victims.append((child, reader))
    with open(f"{directory}/victim-{account}.pid", "w") as file:
        file.write(str(child))


def give(listener):
    """Hands a TCP and a UDP socket of this network to whoever connects, if they can take them."""
    connection, _ = listener.accept()
    with connection, socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        try:
            socket.send_fds(connection, [b"x"], [tcp.fileno(), udp.fileno()])
        except PermissionError:
            pass


def local_datagram(server):
    record("unix", server.getsockname(), 0, server.recv(4096))


def settle(asked):
    """Answers when everything is recorded that came before the question: what is recorded later came later."""
    os.read(asked, 1)
    for child, reader in victims:
        os.kill(child, signal.SIGUSR2)  # signal(7): of those that wait, the lowest number comes first
        os.read(reader, 1)
    end = time.monotonic() + 10
    while serve(0) and time.monotonic() < end:
        pass
    os.write(answers, b".")


def serve(patience=None):
    """Records what is there, then answers who asks for that; tells whether there was anything to record."""
    ready = [key for key, _ in selector.select(patience)]
    for key in ready:
        if key.data is not settle:
            key.data(key.fileobj)
    for key in ready:
        if key.data is settle:
            settle(key.fileobj)
    return any(key.data is not settle for key in ready)


signal_canary("root", 0)
signal_canary("user", 1000)
for port in ANY_ADDRESS_PORTS:
    listen("0.0.0.0", port)
    listen("::", port)
for address in ADDRESSES:
    for port in BY_ADDRESS_PORTS:
        listen(address, port)
listen_unix("\0egress-canary")
listen_unix(f"{directory}/canary.socket")
listen_unix(f"{directory}/canary.datagram", local_datagram)
listen_unix(f"{directory}/giver.socket", give)
for name in ("canary.ask", "canary.answer"):
    os.mkfifo(f"{directory}/{name}", 0o600)
answers = os.open(f"{directory}/canary.answer", os.O_RDWR)
selector.register(os.open(f"{directory}/canary.ask", os.O_RDWR), selectors.EVENT_READ, settle)
open(f"{directory}/canary.ready", "w").close()
while True:
    serve()
