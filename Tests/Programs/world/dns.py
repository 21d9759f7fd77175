# SPDX-License-Identifier: Apache-2.0
"""A resolver that lies, on 127.0.0.2:53 over UDP and TCP. What it does is chosen by the name it is asked.

Names below `rebind.example` resolve to a public address once and to a private one from then on, with TTL 0.
Its network translates IPv6 addresses under 2606:2800:64::/96 to IPv4 (NAT64), as `ipv4only.arpa` tells. For names below
`cookie.example` it gives cookies.
"""

import ipaddress
import socket
import struct
import sys
import threading

A, CNAME, AAAA, HTTPS = 1, 5, 28, 65
GOOD, PRIVATE, CANARY = "93.184.216.34", "10.0.0.5", "185.199.108.153"
OPT, COOKIE, BADCOOKIE = 41, 10, 23
asked = {}
log = open(f"{sys.argv[1]}/asked", "a", buffering=1)


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def record(name, kind, data, ttl=60):
    if kind in (A, AAAA):
        data = ipaddress.ip_address(data).packed
    elif kind == CNAME:
        data = encode_name(data)
    return encode_name(name) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


class Query:
    """The question of a message, and the answers that can be made for it."""

    def __init__(self, message, over_tcp):
        self.id, self.over_tcp = struct.unpack("!H", message[:2])[0], over_tcp
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
            at += 1 + message[at]
        self.name = ".".join(labels).lower()
        self.type = struct.unpack("!H", message[at + 1:at + 3])[0]
        self.question = message[12:at + 5]
        self.cookie = self.find_cookie(message[at + 5:])
        self.times = asked[self.name, self.type] = asked.get((self.name, self.type), 0) + 1

    @staticmethod
    def find_cookie(rest):
        """The cookie of an OPT record (RFC 7873), if one follows the question."""
        if rest[:3] != struct.pack("!BH", 0, OPT):
            return b""
        options = rest[11:]
        while options:
            code, size = struct.unpack("!HH", options[:4])
            if code == COOKIE:
                return options[4:4 + size]
            options = options[4 + size:]
        return b""

    def answer(self, *records, code=0, truncated=False, id=None, question=None, flags=0x8180, cookie=None):
        flags |= code & 15 | (0x0200 if truncated else 0)
        head = struct.pack("!HHHHHH", self.id if id is None else id, flags, 1, len(records), 0, cookie is not None)
        options = b""
        if cookie is not None:
            option = struct.pack("!HH", COOKIE, len(cookie)) + cookie
            options = struct.pack("!BHHBBHH", 0, OPT, 1232, code >> 4, 0, 0, len(option)) + option
        return head + (question or self.question) + b"".join(records) + options

    def address(self, address, ttl=60):
        """The address when its family was asked for, else no data."""
        kind = AAAA if ":" in address else A
        return self.answer(record(self.name, kind, address, ttl)) if self.type == kind else self.answer()


def rebind(query):
    if query.type != A:
        return [query.answer()]
    return [query.address(GOOD if query.times == 1 else PRIVATE, ttl=0)]


def other_case(query):
    """The question with the case of each letter turned."""
    return query.question[:-4].swapcase() + query.question[-4:]


def spelled_anew(query):
    """Another address in another spelling first, as by someone who guessed the rest, and the truth after it."""
    if query.over_tcp:
        return [query.address(GOOD)]
    return [query.answer(record(query.name, A, CANARY), question=other_case(query)), query.address(GOOD)]


def folds(query):
    """A server that tells every name in lower case."""
    folded = query.question[:-4].lower() + query.question[-4:]
    return [query.answer(record(query.name, A, GOOD), question=folded)]


def with_cookies(query):
    """A server that demands its cookie, behind a stranger who lies with another cookie or without one."""
    if query.type != A:
        return [query.answer()]
    lie, truth = record(query.name, A, CANARY), record(query.name, A, GOOD)
    if not query.cookie:
        return [query.answer(lie), query.answer(truth)]
    ours, server = query.cookie[:8], b"8 octets"
    if query.cookie[8:] != server:
        return [query.answer(code=BADCOOKIE, cookie=ours + server)]
    answer = query.answer(truth, cookie=ours + server)
    if query.over_tcp:
        return [answer]
    foreign = bytes(octet ^ 1 for octet in ours) + server
    return [query.answer(lie, cookie=foreign if query.name == "foreign.cookie.example" else None), answer]


def nat64(address):
    """An IPv4 address as the network translates it (RFC 6052)."""
    return str(ipaddress.IPv6Address("2606:2800:64::") + int(ipaddress.IPv4Address(address)))


def alias_with(query, *more):
    return [query.answer(record(query.name, CNAME, "target.hostile.example"), *more)]


BEHAVIOURS = {
    "ipv4only.arpa": lambda q: [q.address(nat64("192.0.0.170"))],
    "translated.hostile.example": lambda q: [q.address(nat64(PRIVATE))],
    "translated-metadata.hostile.example": lambda q: [q.address(nat64("169.254.169.254"))],
    "translated-public.hostile.example": lambda q: [q.address(nat64(GOOD))],
    "spelled-anew.hostile.example": spelled_anew,
    "folds.hostile.example": folds,
    "folds-without-tcp.hostile.example": lambda q: [] if q.over_tcp else folds(q),
    "allowed.example": lambda q: [q.address(GOOD)],
    "wrong-id.hostile.example": lambda q: [q.answer(record(q.name, A, CANARY), id=q.id ^ 1)],
    "late-truth.hostile.example": lambda q: [q.answer(record(q.name, A, CANARY), id=q.id ^ 1), q.address(GOOD)],
    "wrong-question.hostile.example": lambda q: [
        q.answer(record(q.name, A, CANARY), question=encode_name("other.example") + struct.pack("!HH", A, 1))],
    "a-query.hostile.example": lambda q: [q.answer(record(q.name, A, CANARY), flags=0x0100)],
    "other-owner.hostile.example": lambda q: [q.answer(record("other.example", A, CANARY))],
    "extra.hostile.example": lambda q: [q.answer(record(q.name, A, GOOD), record("other.example", A, CANARY))],
    "silent.hostile.example": lambda q: [],
    "second-try.hostile.example": lambda q: [q.address(GOOD)] if q.times > 1 else [],
    "servfail.hostile.example": lambda q: [q.answer(code=2)],
    "refused.hostile.example": lambda q: [q.answer(code=5)],
    "nxdomain.hostile.example": lambda q: [q.answer(code=3)],
    "empty.hostile.example": lambda q: [q.answer()],
    "garbage.hostile.example": lambda q: [b"\xff" * 40],
    "short.hostile.example": lambda q: [struct.pack("!H", q.id)],
    "pointer-loop.hostile.example": lambda q: [q.answer(b"\xc0\x2a" * 8)],
    "truncated.hostile.example": lambda q: [q.address(GOOD) if q.over_tcp else q.answer(truncated=True)],
    "truncated-forever.hostile.example": lambda q: [] if q.over_tcp else [q.answer(truncated=True)],
    "huge-ttl.hostile.example": lambda q: [q.address(GOOD, ttl=0x7FFFFFFF)],
    "mixed.hostile.example": lambda q: [q.answer(record(q.name, A, GOOD), record(q.name, A, PRIVATE))],
    "alias-private.hostile.example": lambda q: alias_with(q, record("target.hostile.example", A, PRIVATE)),
    "alias-half.hostile.example": lambda q: alias_with(q),
    "target.hostile.example": lambda q: [q.address(GOOD)],
    "alias-loop.hostile.example": lambda q: [
        q.answer(record(q.name, CNAME, "b.hostile.example"), record("b.hostile.example", CNAME, q.name))],
    "alias-self.hostile.example": lambda q: [q.answer(record(q.name, CNAME, q.name))],
    "hints.hostile.example": lambda q: [
        q.answer(record(q.name, HTTPS, b"\0\1\0" + struct.pack("!HH", 4, 4) + socket.inet_aton(CANARY)))
        if q.type == HTTPS else q.address(GOOD)],
}


def replies(message, over_tcp):
    try:
        query = Query(message, over_tcp)
    except (IndexError, struct.error):
        return []
    log.write(f"{query.name} {query.type}\n")
    if query.name.endswith(".rebind.example"):
        return rebind(query)
    if query.name.endswith(".cookie.example"):
        return with_cookies(query)
    return BEHAVIOURS.get(query.name, lambda q: [q.answer(code=3)])(query)


def one_stream(connection):
    with connection:
        while size := connection.recv(2, socket.MSG_WAITALL):
            message = connection.recv(struct.unpack("!H", size)[0], socket.MSG_WAITALL)
            for reply in replies(message, True):
                connection.sendall(struct.pack("!H", len(reply)) + reply)


def streams():
    server = socket.create_server(("127.0.0.2", 53))
    while True:
        threading.Thread(target=one_stream, args=server.accept()[:1], daemon=True).start()


threading.Thread(target=streams, daemon=True).start()
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.2", 53))
while True:
    message, peer = server.recvfrom(4096)
    for reply in replies(message, False):
        server.sendto(reply, peer)
