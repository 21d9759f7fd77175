# SPDX-License-Identifier: Apache-2.0
"""Tries to send something to an address that nobody allowed, in the way that is named.

usage: attack.py NAME [ARGUMENT...]   ends with status 0 when the kernel let the attempt pass
"""

import errno
import os
import socket
import struct
import sys

IP_PKTINFO, IP_FREEBIND = 8, 15
QUERY = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\6secret\6denied\7example\0\0\1\0\1"


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def tcp(address, port, protocol=0, text=b"tcp\n"):
    with socket.socket(family_of(address), socket.SOCK_STREAM, protocol) as client:
        client.connect((address, int(port)))
        client.sendall(text)


def udp(address, port):
    """An unconnected datagram; the second tells what an ICMP answer to the first one did."""
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as client:
        client.sendto(b"udp\n", (address, int(port)))


def udp_connected(address, port):
    """A connected socket hears of a refusal: the reply or the error must come at once."""
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        client.connect((address, int(port)))
        client.send(b"udp\n")
        client.recv(100)


def udp_elsewhere(allowed, allowed_port, address, port):
    """Connected to an allowed service, the datagram names another destination."""
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        client.connect((allowed, int(allowed_port)))
        client.send(b"first\n")
        client.recv(100)
        client.sendto(b"elsewhere\n", (address, int(port)))


def udp_dissolved(allowed, allowed_port, address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((allowed, int(allowed_port)))
        import ctypes
        ctypes.CDLL(None).connect(client.fileno(), struct.pack("=H14x", socket.AF_UNSPEC), 16)
        client.connect((address, int(port)))
        client.send(b"dissolved\n")


def udp_packet_info(address, port):
    """Asks for a source address and an interface of its own."""
    info = struct.pack("=I4s4s", 0, socket.inet_aton("0.0.0.0"), socket.inet_aton("0.0.0.0"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendmsg([b"info\n"], [(socket.IPPROTO_IP, IP_PKTINFO, info)], 0, (address, int(port)))


def dns_udp(address):
    with socket.socket(family_of(address), socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        client.sendto(QUERY, (address, 53))
        client.recv(512)


def dns_tcp(address):
    tcp(address, 53, text=struct.pack("!H", len(QUERY)) + QUERY)


def raw_udp(address, port):
    """A UDP header of our own making in a raw socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as client:
        client.sendto(struct.pack("!HHHH", 4000, int(port), 12, 0) + b"raw\n", (address, 0))


def scoped(address, port, zone):
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as client:
        client.connect((address, int(port), 0, socket.if_nametoindex(zone)))
        client.sendall(b"scoped\n")


def family(number, kind, protocol):
    socket.socket(int(number), int(kind), int(protocol)).close()


def abstract(name):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect("\0" + name)
        client.sendall(b"abstract\n")


def inherited(number, address, port):
    """Uses a socket that somebody outside made."""
    use(socket.socket(fileno=os.dup(int(number))), address, port)


def use(client, address, port):
    """Reaches the address with a socket that somebody else made."""
    if client.type == socket.SOCK_DGRAM:
        client.sendto(b"given\n", (address, int(port)))
    else:
        client.connect((address, int(port)))
        client.sendall(b"given\n")


def received(kind, giver, address, port, way=""):
    """Uses a socket that somebody outside hands over, by a path or on a descriptor; it is received in some way."""
    channel = socket.socket(fileno=int(giver)) if giver.isdigit() else socket.socket(socket.AF_UNIX)
    # Made before the connection, and so before anybody knows where it leads.
    duplicate = channel.dup()
    if not giver.isdigit():
        channel.connect(giver)
    if way == "asked":
        ask_for_rights(channel)
    elif way == "duplicate":
        channel = duplicate
    elif way == "taken":
        import ctypes
        SYS_pidfd_open, SYS_pidfd_getfd = 434, 438
        pidfd = ctypes.CDLL(None).syscall(SYS_pidfd_open, os.getpid(), 0)
        channel = socket.socket(fileno=ctypes.CDLL(None).syscall(SYS_pidfd_getfd, pidfd, channel.fileno(), 0))
    channel.settimeout(0.5)
    _, descriptors, _, _ = socket.recv_fds(channel, 1, 2)
    if not descriptors:
        raise OSError(errno.EPERM, "nothing came along")
    use(socket.socket(fileno=descriptors[kind == "udp"]), address, port)


def ask_for_rights(channel):
    """Has a socket take descriptors again, with numbers that mean the same to the kernel."""
    import ctypes
    SYS_setsockopt, SO_PASSRIGHTS = 208 if os.uname().machine == "aarch64" else 54, 83
    one, high = ctypes.byref(ctypes.c_int(1)), 1 << 32
    for level, option in ((1, SO_PASSRIGHTS), (1 | high, SO_PASSRIGHTS), (1, SO_PASSRIGHTS | high)):
        ctypes.CDLL(None).syscall(
            SYS_setsockopt, channel.fileno(), ctypes.c_long(level), ctypes.c_long(option), one, 4
        )


def local(kind, path):
    """A unix datagram, from a socket of its own, from one of a pair, or from a raw one, or by another name."""
    if kind == "relative":
        path = os.path.basename(path)
    if kind == "pair":
        client, _kept = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    else:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_RAW if kind == "raw" else socket.SOCK_DGRAM)
    if kind == "connected":
        client.connect(path)
        client.send(b"local\n")
    else:
        client.sendto(b"local\n", path)


def long_address(address, port):
    """The longest socket address that the kernel takes."""
    raw = struct.pack("=H", socket.AF_INET) + struct.pack("!H", int(port)) + socket.inet_aton(address) + bytes(120)
    import ctypes
    with socket.socket() as client:
        if ctypes.CDLL(None, use_errno=True).connect(client.fileno(), raw, len(raw)) != 0:
            raise OSError(ctypes.get_errno(), "connect")
        client.sendall(b"long\n")


def slow_page(call):
    """The socket address lies in a page of a file that is long in coming ($SLOW_FILE)."""
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    file = os.open(os.environ["SLOW_FILE"], os.O_RDONLY)
    page = ctypes.c_void_p(libc.mmap(None, 4096, 1, 2, file, 0))
    with socket.socket(type=socket.SOCK_DGRAM if call == "sendto" else socket.SOCK_STREAM) as client:
        if call == "sendto":
            result = libc.sendto(client.fileno(), b"slow\n", 5, 0, page, 16)
        else:
            result = libc.connect(client.fileno(), page, 16)
        if result < 0:
            raise OSError(ctypes.get_errno(), call)


def shadow(address, port, denied):
    """Binds an allowed address and port itself, in the hope that a denied one is judged by it."""
    with socket.socket() as server:
        server.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
        server.bind((address, int(port)))
        server.listen()
        tcp(denied, port)


def resolve(name, port, rounds=1):
    """Connects to every address it is told, again and again as a victim of rebinding does."""
    reached = 0
    for _ in range(int(rounds)):
        for *_, address in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM):
            try:
                tcp(address[0], port)
                reached += 1
            except OSError:
                pass
    if not reached:
        raise OSError(errno.EHOSTUNREACH, "never reached")


try:
    globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
except (OSError, socket.timeout) as error:
    name = errno.errorcode.get(error.errno, type(error).__name__)
    sys.exit(f"{sys.argv[1]}: {name}: {error}")
