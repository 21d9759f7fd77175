# SPDX-License-Identifier: Apache-2.0
"""A file system of our own (FUSE) at $PLACE, in which sockets and empty files can be made. Part of a stage (stage.py).

Its kind is how it numbers sockets or when it does not answer:
  twins    every socket has the same number
  reuse    a number is used again as soon as it is free
  stall    nothing is answered for 4 seconds after $STAGE/stall is made
  expire   nor is it then told what a file's attributes are; the rest is
"""

import os
import stat
import struct
import threading
import time

from stage import PLACE, check, libc

LOOKUP, FORGET, GETATTR, SETATTR, MKNOD, MKDIR, UNLINK, RMDIR = 1, 2, 3, 4, 8, 9, 10, 11
OPEN, STATFS, RELEASE, FLUSH, INIT, OPENDIR, RELEASEDIR, CREATE, BATCH_FORGET = 14, 17, 18, 25, 26, 27, 29, 35, 42
ENOENT, EEXIST, ENOSYS = 2, 17, 38
STALL = 4
FIRST = 1000


class Node:
    def __init__(self, number, mode, uid, gid):
        self.number, self.mode, self.uid, self.gid, self.links = number, mode, uid, gid, 1

    def attributes(self):
        return struct.pack("=QQQQQQIIIIIIIIII", self.number, 0, 0, 0, 0, 0, 0, 0, 0, self.mode, self.links, self.uid,
                           self.gid, 0, 4096, 0)


class Server:
    def __init__(self, device, kind):
        self.device, self.kind = device, kind
        self.nodes = {1: Node(1, 0o041777, 0, 0)}
        self.names, self.stalled = {}, None

    def number(self, mode):
        if self.kind == "twins" and stat.S_ISSOCK(mode):
            return 42
        used = {node.number for node in self.nodes.values() if node.links}
        return next(number for number in range(FIRST, FIRST + 100000) if number not in used)

    def entry(self, identity):
        """Nothing is kept by the kernel: it asks each time."""
        return struct.pack("=QQQQII", identity, 0, 0, 0, 0, 0) + self.nodes[identity].attributes()

    def make(self, parent, name, mode, uid, gid):
        if (parent, name) in self.names:
            return None
        identity = max(self.nodes) + 1
        self.nodes[identity] = Node(self.number(mode), mode, uid, gid)
        self.names[parent, name] = identity
        return identity

    def answer(self, operation, parent, uid, gid, body):
        """An error, or a reply."""
        if operation == INIT:
            return struct.pack("=IIIIHHIIHHI28x", 7, 31, 0, 0, 8, 8, 4096, 1, 1, 0, 0)
        if operation == LOOKUP:
            identity = self.names.get((parent, body[:-1]))
            return self.entry(identity) if identity else ENOENT
        if operation == GETATTR:
            return struct.pack("=QII", 0, 0, 0) + self.nodes[parent].attributes()
        if operation == SETATTR:
            valid, mode = struct.unpack_from("=I", body)[0], struct.unpack_from("=I", body, 68)[0]
            node = self.nodes[parent]
            if valid & 1:
                node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
            return struct.pack("=QII", 0, 0, 0) + node.attributes()
        if operation in (MKNOD, MKDIR, CREATE):
            size, mode = (8, struct.unpack_from("=I", body)[0]) if operation == MKDIR else \
                (16, struct.unpack_from("=I", body, 4 if operation == CREATE else 0)[0])
            if operation == MKDIR:
                mode |= stat.S_IFDIR
            identity = self.make(parent, body[size:-1], mode, uid, gid)
            if identity is None:
                return EEXIST
            return self.entry(identity) + (struct.pack("=QIi", 1, 0, 0) if operation == CREATE else b"")
        if operation in (UNLINK, RMDIR):
            identity = self.names.pop((parent, body[:-1]), None)
            if not identity:
                return ENOENT
            self.nodes[identity].links = 0
            return b""
        if operation in (OPEN, OPENDIR):
            return struct.pack("=QIi", 1, 0, 0)
        if operation == STATFS:
            return struct.pack("=QQQQQIIII24x", 0, 0, 0, 0, 0, 4096, 255, 0, 0)
        return b"" if operation in (RELEASE, RELEASEDIR, FLUSH) else ENOSYS

    def waits(self, operation):
        return self.kind == "stall" or self.kind == "expire" and operation == GETATTR

    def stalls(self):
        """Whether what is asked now is answered later; from the moment on that the command has named."""
        if self.stalled is None and os.path.exists(f"{os.environ['STAGE']}/stall"):
            self.stalled = time.monotonic()
        return self.stalled is not None and time.monotonic() < self.stalled + STALL

    def reply(self, unique, answer):
        error, body = (answer, b"") if isinstance(answer, int) else (0, answer)
        try:
            os.write(self.device, struct.pack("=IiQ", 16 + len(body), -error, unique) + body)
        except OSError:
            pass  # whoever asked is gone

    def loop(self):
        while True:
            try:
                request = os.read(self.device, 1 << 17)
            except InterruptedError:
                continue
            _, operation, unique, node, uid, gid = struct.unpack_from("=IIQQII", request)
            if operation in (FORGET, BATCH_FORGET, 36):  # and INTERRUPT, which a server may ignore
                continue
            answer = self.answer(operation, node, uid, gid, request[40:])
            if self.waits(operation) and self.stalls():
                threading.Timer(self.stalled + STALL - time.monotonic(), self.reply, (unique, answer)).start()
            else:
                self.reply(unique, answer)


def serve(record, ready, kind):
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    if kind != "expire":  # for which the kernel would have to know the attributes
        options += ",default_permissions"
    check(libc.mount(b"canary", PLACE.encode(), b"fuse", 0, options.encode()), "mount")
    ready()
    Server(device, kind).loop()
