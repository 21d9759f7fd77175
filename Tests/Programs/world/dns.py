# SPDX-License-Identifier: Apache-2.0
"""A resolver that lies, on 127.0.0.2:53 over UDP and TCP. What it does is chosen by the name it is asked.

Names below `rebind.example` resolve to a public address once and to a private one from then on, with TTL 0.
"""

import ipaddress
import socket
import struct
import sys
import threading

A, CNAME, AAAA, HTTPS = 1, 5, 28, 65
GOOD, PRIVATE, CANARY = "93.184.216.34", "10.0.0.5", "185.199.108.153"
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
        self.times = asked[self.name, self.type] = asked.get((self.name, self.type), 0) + 1

    def answer(self, *records, code=0, truncated=False, id=None, question=None, flags=0x8180):
        flags |= code | (0x0200 if truncated else 0)
        head = struct.pack("!HHHHHH", self.id if id is None else id, flags, 1, len(records), 0, 0)
        return head + (question or self.question) + b"".join(records)

    def address(self, address, ttl=60):
        """The address when its family was asked for, else no data."""
        kind = AAAA if ":" in address else A
        return self.answer(record(self.name, kind, address, ttl)) if self.type == kind else self.answer()


def rebind(query):
    if query.type != A:
        return [query.answer()]
    return [query.address(GOOD if query.times == 1 else PRIVATE, ttl=0)]


def alias_with(query, *more):
    return [query.answer(record(query.name, CNAME, "target.hostile.example"), *more)]


BEHAVIOURS = {
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
