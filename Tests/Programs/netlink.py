# SPDX-License-Identifier: Apache-2.0
"""Asks the kernel to change the network (rtnetlink(7)), by each call that can name whom it is for.

usage: netlink.py CALL CHANGE | datagram mark|priority|options   ends with status 0 when the kernel said that it was done
CALL: send, sendto, sendmsg, sendmmsg, connect, inherited (as standard input); or bind, to a group that only the network's owner may hear.
"""

import ctypes
import errno
import os
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE = 1, 4, 0x400
RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE, RTM_NEWNEIGH, RTM_NEWQDISC = 16, 20, 24, 28, 36
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINKINFO, IFLA_NET_NS_PID, IFLA_NET_NS_FD = 1, 3, 4, 18, 19, 28
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER, IFF_UP = 1, 2, 1, 1
RTNLGRP_IPV4_MROUTE_R = 30
KERNEL = (0, 0)
LOOPBACK = 1
GATEWAY, GATEWAY_MAC = socket.inet_pton(socket.AF_INET6, "fe80::e"), bytes.fromhex("02000000000e")


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def link(index=0, flags=0, change=0):
    return struct.pack("=BxHiII", 0, 0, index, flags, change)


def number(value):
    return struct.pack("=I", value)


def index_of(name):
    return socket.if_nametoindex(name)


def network():
    """The first process of another network of the same user."""
    with open(f"{os.environ['STAGE']}/network") as file:
        return int(file.read())


def address():
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, LOOPBACK)
    return [(RTM_NEWADDR, body + attribute(2, socket.inet_aton("10.99.0.1")))]  # IFA_LOCAL


def down():
    return [(RTM_NEWLINK, link(LOOPBACK, 0, IFF_UP))]


def mtu():
    return [(RTM_NEWLINK, link(LOOPBACK) + attribute(IFLA_MTU, number(1400)))]


def qdisc():
    """One that only counts packets."""
    body = struct.pack("=BxHiIII", 0, 0, LOOPBACK, 0x10000, 0xffffffff, 0)  # TC_H_ROOT
    return [(RTM_NEWQDISC, body + attribute(1, b"pfifo\0"))]


def veth():
    """A link of two ends."""
    end = link() + attribute(IFLA_IFNAME, b"exit1\0") + attribute(IFLA_ADDRESS, GATEWAY_MAC)
    info = attribute(IFLA_INFO_KIND, b"veth\0") + attribute(IFLA_INFO_DATA, attribute(VETH_INFO_PEER, end))
    return (RTM_NEWLINK, link() + attribute(IFLA_IFNAME, b"exit0\0") + attribute(IFLA_LINKINFO, info))


def changed(name, *attributes, flags=0):
    return (RTM_NEWLINK, link(0, flags, flags) + attribute(IFLA_IFNAME, name + b"\0") + b"".join(attributes))


def to_network():
    return attribute(IFLA_NET_NS_PID, number(network()))


def moved_by_process():
    """One's own end is put into another network, which a process of it names."""
    return [veth(), changed(b"exit0", to_network())]


def moved_by_descriptor():
    """The number means a descriptor of whoever performs the call: one of them may be of another network."""
    yield [veth()]
    try:
        os.open(f"/proc/{network()}/ns/net", os.O_RDONLY)
    except OSError:
        pass  # which only shows that it works where one performs it oneself
    for descriptor in range(200):
        yield [changed(b"exit0", attribute(IFLA_NET_NS_FD, number(descriptor)))]


def exit_by_veth():
    """A link to another network, with a route to everywhere over it: see `leave`."""
    # Moved, a link is down; the same message brings it up there.
    yield [veth(), changed(b"exit1", to_network(), flags=IFF_UP), changed(b"exit0", flags=IFF_UP)]
    index = index_of("exit0")
    yield [
        (RTM_NEWNEIGH, struct.pack("=BxxxiHBB", socket.AF_INET6, index, 0x80, 0, 0) + attribute(1, GATEWAY) +
         attribute(2, GATEWAY_MAC)),
        (RTM_NEWADDR, struct.pack("=BBBBI", socket.AF_INET6, 64, 2, 0, index) +  # IFA_F_NODAD
         attribute(1, socket.inet_pton(socket.AF_INET6, "2606:2800:220:2::2"))),
        (RTM_NEWROUTE, struct.pack("=BBBBBBBBI", socket.AF_INET6, 32, 0, 0, 254, 4, 0, 1, 0) +
         attribute(1, socket.inet_pton(socket.AF_INET6, "2606:50c0::")) + attribute(5, GATEWAY) +
         attribute(4, number(index)))]


def leave():
    """A datagram to an address that nobody allowed."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.sendto(b"left\n", ("2606:50c0:8000::153", 4444))


class Message(ctypes.Structure):
    """struct mmsghdr"""
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.c_void_p),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("length", ctypes.c_uint)]


def sendmmsg(sock, data):
    name = ctypes.create_string_buffer(struct.pack("=HHII", socket.AF_NETLINK, 0, 0, 0), 12)
    buffer = ctypes.create_string_buffer(data, len(data))
    part = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), len(data))
    message = Message(ctypes.addressof(name), 12, ctypes.addressof(part), 1)
    if libc.sendmmsg(sock.fileno(), ctypes.byref(message), 1, 0) != 1:
        raise OSError(ctypes.get_errno(), "sendmmsg")


def send(sock, data, call):
    if call == "sendto":
        sock.sendto(data, KERNEL)
    elif call == "sendmsg":
        sock.sendmsg([data], [], 0, KERNEL)
    elif call == "sendmmsg":
        sendmmsg(sock, data)
    else:
        sock.send(data)


def request(sock, call, kind, body):
    flags = NLM_F_REQUEST | NLM_F_ACK | (NLM_F_CREATE if kind != RTM_NEWLINK or b"veth\0" in body else 0)
    send(sock, struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body, call)
    answer = sock.recv(65536)
    code, = struct.unpack_from("=i", answer, 16)
    if code:
        raise OSError(-code, "rtnetlink")


def perform(sock, call, step):
    for kind, body in step:
        request(sock, call, kind, body)


def works(sock, call, step):
    try:
        perform(sock, call, step)
        return True
    except OSError:
        return False


def change(sock, call, what):
    steps = globals()[what.replace("-", "_")]()
    if isinstance(steps, list):
        return perform(sock, call, steps)
    perform(sock, call, next(steps))
    if what == "moved-by-descriptor":
        if not any(works(sock, call, step) for step in steps):
            raise OSError(errno.EPERM, "no descriptor is of another network")
        return
    for step in steps:
        perform(sock, call, step)
    leave()


def datagram(what):
    """To oneself, with something that only who rules the network may ask for (socket(7), ipv6(7))."""
    SO_PRIORITY, SO_MARK, IPV6_HOPOPTS = 12, 36, 54
    padding = bytes([0, 0, 1, 4, 0, 0, 0, 0])  # RFC 8200: one PadN option
    ancillary = {"mark": (socket.SOL_SOCKET, SO_MARK, number(77)),
                 "priority": (socket.SOL_SOCKET, SO_PRIORITY, number(77)),
                 "options": (socket.IPPROTO_IPV6, IPV6_HOPOPTS, padding)}[what]
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as server, \
            socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        server.bind(("::1", 0))
        client.sendmsg([b"privileged"], [ancillary], 0, server.getsockname())


def main(call, what):
    if call == "datagram":
        return datagram(what)
    given = {"fileno": 0} if call == "inherited" else {}
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE, **given)
    sock.settimeout(1)
    if call == "bind":
        sock.bind((0, 1 << RTNLGRP_IPV4_MROUTE_R - 1))
    elif call == "connect" and what == "process":
        sock.connect((os.getppid(), 0))
    elif call == "connect" and what == "group":
        sock.connect((0, 1))
    else:
        if call == "connect":
            sock.connect(KERNEL)
        change(sock, call, what)


try:
    main(*sys.argv[1:])
except OSError as error:
    sys.exit(f"{' '.join(sys.argv[1:])}: {errno.errorcode.get(error.errno, type(error).__name__)}: {error}")
