# SPDX-License-Identifier: Apache-2.0
"""Parts of a stage (stage.py) that are processes outside: each tells the world's record what reached it."""

import ctypes
import json
import os
import pty
import socket
import struct
import sys
import time
import tty

from stage import CLONE_NEWIPC, CLONE_NEWNET, PLACE, WORLD, check, die_with_parent, libc, sh

CLONE_NEWUSER = 0x10000000
DELAY = 0.01


def record(file, protocol, address, data=b""):
    line = {"protocol": protocol, "address": address, "port": 0, "data": data[:80].decode("latin-1")}
    os.write(file, (json.dumps(line) + "\n").encode())


def outside(serve, *arguments):
    """Runs `serve(record, ready, ...)` in a process of its own, and returns when that has called `ready`."""
    reader, writer = os.pipe()
    file = os.open(f"{WORLD}/arrivals", os.O_WRONLY | os.O_APPEND)
    if os.fork() == 0:
        die_with_parent()
        os.close(reader)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        # What waits for the command's output to end must not wait for us.
        os.dup2(os.open(f"{WORLD}/stage.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666), 2)
        os.dup2(2, 1)
        try:
            serve(lambda *what: record(file, *what), lambda: os.write(writer, b"."), *arguments)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1)
    os.close(writer)
    os.close(file)
    if os.read(reader, 1) != b".":
        with open(f"{WORLD}/stage.log") as log:
            sys.exit(f"stage.py: {serve.__name__} ended: {log.read()[-2000:]}")
    os.close(reader)


def wait_for(name):
    while not os.path.exists(f"{os.environ['STAGE']}/{name}"):
        time.sleep(DELAY)


def mark(name):
    open(f"{os.environ['STAGE']}/{name}", "w").close()


# Unix sockets

def listener(path="victim"):
    """A service of the machine."""
    outside(serve_unix, path, False, "")


def foreign_listener(path="victim"):
    """A service in another network namespace, as in a container."""
    outside(serve_unix, path, True, "")


def late_listener(path="victim"):
    """A service that starts (again) when the command has made $STAGE/again."""
    outside(serve_unix, path, False, "again")


def strict_listener(path="victim"):
    """A service that only an ordinary user's rights reach."""
    outside(serve_unix, path, False, "")
    os.chmod(f"{PLACE}/{path}", 0o600)
    os.chown(f"{PLACE}/{path}", 1000, 1000)


def serve_unix(record, ready, path, is_foreign, start):
    if is_foreign:
        check(libc.unshare(CLONE_NEWNET), "unshare")
    if start:
        ready()
        wait_for(start)
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{PLACE}/{path}")
    os.chmod(f"{PLACE}/{path}", 0o777)
    server.listen(16)
    if start:
        mark("ready")
    else:
        ready()
    while True:
        connection, _ = server.accept()
        with connection:
            record("unix", path, connection.recv(100))
            connection.send(b"canary\n")


def datagrams(path="victim"):
    """A service that takes datagrams."""
    outside(serve_datagrams, path, "")


def late_datagrams(path="victim"):
    outside(serve_datagrams, path, "again")


def serve_datagrams(record, ready, path, start):
    if start:
        ready()
        wait_for(start)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(f"{PLACE}/{path}")
    os.chmod(f"{PLACE}/{path}", 0o777)
    if start:
        mark("ready")
    else:
        ready()
    while True:
        record("unix", path, server.recv(100))


def mine(name):
    """A directory of whoever runs the command, who may rename what others have there."""
    os.mkdir(f"{PLACE}/{name}")
    os.chown(f"{PLACE}/{name}", os.stat(os.environ["HOME"]).st_uid, -1)


# Networks

def network():
    """A network namespace of whoever runs the command, such as a container's; its first process is in $STAGE/network."""
    outside(serve_network, os.stat(os.environ["HOME"]).st_uid)


def serve_network(record, ready, owner):
    if owner:
        os.setgroups([])
        os.setresgid(owner, owner, owner)
        os.setresuid(owner, owner, owner)
        libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE, which a change of uid clears
    check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {owner} 1"), ("gid_map", f"0 {owner} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    sh("ip", "link", "set", "lo", "up")
    sh("ip", "route", "add", "local", "::/0", "dev", "lo", "table", "main")
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.bind(("::", 4444))
    with open(f"{os.environ['STAGE']}/network", "w") as file:
        file.write(str(os.getpid()))
    ready()
    while True:
        record("udp", "another network", server.recv(100))


# Mounts

def later(kind):
    """Mounts something at $PLACE/later when the command has made $STAGE/go."""
    os.makedirs(f"{PLACE}/later", exist_ok=True)
    outside(mount_later, kind)


def mount_later(record, ready, kind):
    ready()
    wait_for("go")
    sh("mount", "-t", kind, kind, f"{PLACE}/later")
    if kind == "tmpfs":
        open(f"{PLACE}/later/marker", "w").close()
    mark("done")
    time.sleep(60)


def autofs():
    """An automounter that tells which names it was asked for."""
    os.makedirs(f"{PLACE}/net", exist_ok=True)
    outside(automount)


def automount(record, ready):
    """The part of linux/auto_fs.h that hears of a name and says that there is no such thing."""
    os.setpgrp()  # whose members see the directory as it is
    reader, writer = os.pipe()
    options = f"fd={writer},pgrp={os.getpgrp()},minproto=5,maxproto=5,indirect"
    check(libc.mount(b"canary", f"{PLACE}/net".encode(), b"autofs", 0, options.encode()), "mount")
    root = os.open(f"{PLACE}/net", os.O_RDONLY)
    os.close(writer)
    ready()
    while True:
        # struct autofs_v5_packet: ..., len, name; of 304 bytes
        packet = os.read(reader, 4096)
        _, _, token = struct.unpack_from("=iiI", packet)
        length, = struct.unpack_from("=I", packet, 40)
        record("autofs", packet[44:44 + length].decode("latin-1"))
        check(libc.ioctl(root, 0x9361, ctypes.c_ulong(token)), "AUTOFS_IOC_FAIL")


# Queues and terminals

def queue(name="egress-canary"):
    """A POSIX message queue of the machine, here an IPC namespace of its own, and the file system that shows it."""
    check(libc.unshare(CLONE_NEWIPC), "unshare")
    os.makedirs(f"{PLACE}/mqueue", exist_ok=True)
    sh("mount", "-t", "mqueue", "mqueue", f"{PLACE}/mqueue")
    outside(serve_queue, name)


def serve_queue(record, ready, name):
    libc.umask(0)
    number = check(libc.mq_open(f"/{name}".encode(), os.O_RDONLY | os.O_CREAT, 0o666, None), "mq_open")
    ready()
    message = ctypes.create_string_buffer(8192)
    while True:
        length = check(libc.mq_receive(number, message, len(message), None), "mq_receive")
        record("mqueue", name, message.raw[:length])


def system_v_queue():
    """A message queue of svipc(7), by its number."""
    check(libc.unshare(CLONE_NEWIPC), "unshare")
    outside(serve_system_v_queue)


def serve_system_v_queue(record, ready):
    number = check(libc.msgget(0x65677265, 0o1666), "msgget")  # with IPC_CREAT
    ready()
    message = ctypes.create_string_buffer(4096)
    while True:
        length = check(libc.msgrcv(number, message, 4000, 0, 0), "msgrcv")
        record("sysv", "queue", message.raw[8:8 + length])


def terminal():
    """Another terminal of whoever runs the command; its path is in $STAGE/terminal."""
    outside(serve_terminal, os.stat(os.environ["HOME"]).st_uid)


def serve_terminal(record, ready, owner):
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    os.fchown(theirs, owner, -1)
    with open(f"{os.environ['STAGE']}/terminal", "w") as file:
        file.write(os.ttyname(theirs))
    ready()
    while True:
        record("terminal", "pts", os.read(ours, 100))


# File servers

def server(kind):
    """A FUSE file system that numbers its files as it likes, or stalls (fileserver.py)."""
    import fileserver
    outside(fileserver.serve, kind)
