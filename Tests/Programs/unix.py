# SPDX-License-Identifier: Apache-2.0
"""Uses unix sockets in the ways that servers and clients do; a line for each with its result. What it prints must be the
same with and without egress-run. Runs in a directory that can be written to.

usage: unix.py [datagrams]   also those that only a run with unix datagram sockets has
"""

import array
import ctypes
import errno
import os
import shutil
import signal
import socket
import struct
import sys
import threading

SOL_SOCKET, SCM_RIGHTS, SO_SNDTIMEO = socket.SOL_SOCKET, 1, 21
STREAM, PACKETS, DATAGRAM = socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM
kept = []
libc = ctypes.CDLL(None, use_errno=True)


def say(what, action):
    try:
        result = action()
    except OSError as error:
        result = errno.errorcode.get(error.errno, str(error))
    print(f"{what}: {result}", flush=True)


def bound(path, kind=STREAM):
    """A socket that listens (it stays open), and what it is told of its name."""
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(path)
    if kind != DATAGRAM:
        server.listen(8)
    kept.append(server)
    return server


def names(path):
    return bound(path).getsockname()


def echo(path, kind=STREAM, server=None):
    """What comes back from a server, who it is to the client, and who the client is to it."""
    with socket.socket(socket.AF_UNIX, kind) as client:
        client.settimeout(5)
        client.connect(path)
        answers = threading.Thread(target=answer, args=(server,)) if server else None
        if answers:
            answers.start()
        client.send(b"ping")
        reply = client.recv(100)
        if answers:
            answers.join()
        return reply, client.getpeername()


def answer(server):
    connection, _ = server.accept()
    with connection:
        credentials = connection.getsockopt(SOL_SOCKET, socket.SO_PEERCRED, 12)
        _, uid, gid = array.array("i", credentials)
        connection.send(connection.recv(100) + f" {uid} {gid}".encode())


def raw(call, path):
    """Calls with just these bytes as the path; the socket stays open."""
    sock = socket.socket(socket.AF_UNIX)
    kept.append(sock)
    name = struct.pack("=H", socket.AF_UNIX) + path
    if getattr(libc, call)(sock.fileno(), name, len(name)) < 0:
        raise OSError(ctypes.get_errno(), call)
    return sock.listen() if call == "bind" else None


def reach(path, kind=STREAM):
    with socket.socket(socket.AF_UNIX, kind) as client:
        return client.connect(path)


def mode(path):
    status = os.stat(path)
    return oct(status.st_mode), status.st_uid, status.st_gid, status.st_nlink


def with_umask(mask, path):
    old = os.umask(mask)
    try:
        bound(path)
    finally:
        os.umask(old)
    return mode(path)


def child(action):
    """What a process of its own says."""
    sys.stdout.flush()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, str(action()).encode())
        except OSError as error:
            os.write(writer, errno.errorcode[error.errno].encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader) as file:
        said = file.read()
    os.waitpid(pid, 0)
    return said


def kinds():
    for name, kind in (("stream", STREAM), ("seqpacket", PACKETS)):
        server = bound(name, kind)
        say(name, lambda: echo(name, kind, server))
        say(f"{name}, again", lambda: echo(f"./{name}", kind, server))
        say(f"{name} with another kind", lambda: reach(name, PACKETS if kind == STREAM else STREAM))
    say("the absolute path", lambda: reach(os.path.realpath("stream")))
    say("mode", lambda: mode("stream"))
    for mask in (0, 0o027, 0o077, 0o777):
        say(f"umask {mask:o}", lambda: with_umask(mask, f"masked{mask}"))
    say("connecting to mode 0", lambda: reach("masked511"))


def names_given():
    os.mkdir("below")
    for path in ("relative", "./dotted", "below/../up", "below/inner", os.path.realpath(".") + "/absolute"):
        say(f"bound at {path[-10:]}", lambda: names(path)[-10:])
        say("reached", lambda: echo(path, server=kept[-1])[1][-10:])
    path = "l" * 107
    say("bound at 107 bytes", lambda: len(names(path)))
    say("reached", lambda: len(echo(path, server=kept[-1])[1]))
    # unix(7): the byte behind the last may be missing.
    for length in (108, 109):
        say(f"bound at {length} bytes", lambda: (raw("bind", b"m" * length), os.path.exists("m" * length)))
        say("reached", lambda: raw("connect", b"m" * length))
    say("in a directory of one's own", lambda: child(lambda: (os.chdir("below"), names("here"), reach("here"),
                                                              reach("../relative"))))
    descriptor = os.open("below", os.O_RDONLY)
    say("through a descriptor", lambda: names(f"/proc/self/fd/{descriptor}/through") and reach("below/through"))
    os.symlink("below", "other")
    say("through a link", lambda: (names("other/linked"), reach("below/linked")))
    os.symlink("nowhere", "dangling")
    say("at a link to nowhere", lambda: names("dangling"))
    say("at the end of a slash", lambda: names("slash/"))


def names_taken():
    server = bound("moved")
    os.rename("moved", "moved2")
    say("renamed", lambda: echo("moved2", server=server))
    os.link("moved2", "hard")
    say("hard link", lambda: echo("hard", server=server))
    os.symlink("moved2", "soft")
    say("symbolic link", lambda: echo("soft", server=server))
    os.unlink("moved2")
    say("removed", lambda: reach("moved2"))
    say("by the other name", lambda: echo("hard", server=server))
    again = bound("moved2")
    say("bound again", lambda: echo("moved2", server=again))
    again.close()
    say("closed", lambda: reach("moved2"))
    os.unlink("moved2")
    for _ in range(50):
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("many")
            one.listen()
            reach("many")
        os.unlink("many")
    say("many", lambda: reach("many"))
    say("while others rename", beside_renames)


def beside_renames():
    """What walks upwards in a part of the tree is told EAGAIN when anybody renames or mounts meanwhile (openat2(2))."""
    server = bound("climbed")
    os.mkdir("deep")
    pid = os.fork()
    if pid == 0:
        while True:
            os.mkdir("name1")
            os.rename("name1", "name2")
            os.rmdir("name2")
    results = set()
    for _ in range(1000):
        try:
            results.add(reach("deep/../climbed"))
            server.accept()[0].close()
        except OSError as error:
            results.add(errno.errorcode[error.errno])
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return sorted(map(str, results))


def errors():
    open("file", "w").close()
    os.mkdir("locked", 0o500)
    os.mkdir("searchless", 0o600)
    os.symlink("loop", "loop")
    for path in ("file", "stream", "none/x", "file/x", "locked/x", "searchless/x", "loop", "loop/x",
                 "/proc/x", "../readonly/x", "below"):
        say(f"bind {path}", lambda: names(path) and None)
        say(f"connect {path}", lambda: reach(path))
    two = bound("twice")
    say("bound twice", lambda: two.bind("twice2"))
    say("nothing there", lambda: os.path.exists("twice2"))
    say("listening without a name", lambda: socket.socket(socket.AF_UNIX).listen())
    say("connected twice", lambda: twice("twice"))
    say("connected, then bound", lambda: late_name("twice"))


def twice(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.connect(path)


def late_name(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.bind("late")
        return client.getsockname(), mode("late")


def nameless():
    auto = socket.socket(socket.AF_UNIX)
    say("autobind", lambda: auto.bind("") or (len(auto.getsockname()), auto.getsockname()[:1]))
    auto.listen()
    say("reached", lambda: len(echo(auto.getsockname(), server=auto)[1]))
    server = bound("\0abstract-unix-test")
    say("abstract", lambda: echo("\0abstract-unix-test", server=server))
    say("abstract, taken", lambda: names("\0abstract-unix-test"))
    say("abstract, nobody's", lambda: reach("\0nobody-at-all"))
    say("with zeros", lambda: (names("\0a\0b"), reach("\0a\0b"), ))


def processes():
    say("daemonized", daemonized)
    say("of a master and workers", workers)
    say("in a root of its own", lambda: child(in_root))
    say("descriptors", descriptors)
    for what in (lambda: full(False), lambda: full(True)):
        say("a full queue", what)
    if os.getuid() == 0:
        strict = bound("strict")
        os.chmod("strict", 0o700)
        os.chown("strict", 1000, 1000)
        say("of somebody else", lambda: echo("strict", server=strict)[0])
        say("without capabilities", lambda: child(lambda: (strip(), reach("strict"))))
        os.mkdir("theirs", 0o700)
        os.chown("theirs", 1000, 1000)
        say("bound there without capabilities", lambda: child(lambda: (strip(), names("theirs/socket"))))
        bound("grouped")
        os.chmod("grouped", 0o070)
        os.chown("grouped", 1000, 1234)
        say("as one of its group", lambda: child(lambda: (os.setgroups([1234]), os.setgid(1001), os.setuid(1001),
                                                          reach("grouped"))))
        say("as that user", lambda: child(lambda: (os.setgid(1000), os.setuid(1000), reach("strict"))))
        say("as another user", lambda: child(lambda: (os.setgid(1001), os.setuid(1001), reach("strict"))))


def daemonized():
    """Listens, then forks twice, as daemons do."""
    server = bound("daemon")
    if (first := os.fork()) == 0:
        os.setsid()
        if os.fork() == 0:
            answer(server)
        os._exit(0)
    os.waitpid(first, 0)
    server.close()
    return echo("daemon")


def workers():
    server = bound("workers")
    children = []
    for _ in range(2):
        if (pid := os.fork()) == 0:
            while True:
                answer(server)
        children.append(pid)
    server.close()
    result = [echo("workers")[0] for _ in range(6)]
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    say("when all are gone", lambda: reach("workers"))
    return len(set(result)), result[0]


def in_root():
    os.mkdir("root")
    path = os.path.realpath("root")
    os.chroot(path)
    os.chdir("/")
    server = bound("/socket")
    reader = os.fork()
    if reader == 0:
        answer(server)
        os._exit(0)
    result = echo("/socket")
    os.waitpid(reader, 0)
    return result, mode("/socket")


def descriptors():
    server = bound("rights")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("rights")
        connection, _ = server.accept()
        reader, writer = os.pipe()
        socket.send_fds(client, [b"x"], [writer])
        os.close(writer)
        _, received, _, _ = socket.recv_fds(connection, 1, 4)
        os.write(received[0], b"given")
        return os.read(reader, 10), len(received)


def full(waits):
    """A queue that has no room: an error at once, or when the time is over."""
    server = socket.socket(socket.AF_UNIX)
    path = f"full{waits}"
    server.bind(path)
    server.listen(0)
    clients = []
    for _ in range(4):
        client = socket.socket(socket.AF_UNIX)
        if waits:
            client.setsockopt(SOL_SOCKET, SO_SNDTIMEO, (0).to_bytes(8, "little") + (50000).to_bytes(8, "little"))
        else:
            client.setblocking(False)
        clients.append(client)
        client.connect(path)


def strip():
    """Gives up CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, so that root is an ordinary owner of its files (capset(2))."""
    header, data = struct.pack("=Ii", 0x20080522, 0), ctypes.create_string_buffer(24)
    libc.capget(header, data)
    words = list(struct.unpack("=6I", data.raw))
    for index in (0, 1):  # effective and permitted, of the lower 32
        words[index] &= ~(1 << 1 | 1 << 2)
    if libc.capset(header, struct.pack("=6I", *words)) < 0:
        raise OSError(ctypes.get_errno(), "capset")


def datagrams():
    server = bound("datagram", DATAGRAM)
    client = socket.socket(socket.AF_UNIX, DATAGRAM)
    client.bind("client")
    say("datagram", lambda: (client.sendto(b"one", "datagram"), server.recvfrom(10)))
    say("answered", lambda: (server.sendto(b"two", "client"), client.recvfrom(10)))
    say("connected", lambda: (client.connect("datagram"), client.send(b"three"), server.recv(10)))
    one, other = socket.socketpair(socket.AF_UNIX, DATAGRAM)
    say("pair", lambda: (one.send(b"four"), other.recv(10)))
    say("taken", lambda: bound("datagram", DATAGRAM))
    auto = socket.socket(socket.AF_UNIX, DATAGRAM)
    say("autobind", lambda: auto.bind("") or len(auto.getsockname()))
    say("to it", lambda: (client.sendto(b"five", auto.getsockname()), auto.recv(10)))


def tidy():
    for entry in os.scandir("."):
        if entry.is_dir(follow_symlinks=False):
            os.chmod(entry.path, 0o700)
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


os.mkdir("unix")
os.chdir("unix")
for part in (kinds, names_given, names_taken, errors, nameless, processes):
    part()
if sys.argv[1:] == ["datagrams"]:
    datagrams()
tidy()
os.chdir("..")
os.rmdir("unix")
