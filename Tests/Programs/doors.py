# SPDX-License-Identifier: Apache-2.0
"""Tries to use something of the machine that is neither a socket nor an address.

usage: doors.py NAME [ARGUMENT...]   ends with status 0 when the kernel let the attempt pass
"""

import ctypes
import errno
import os
import resource
import signal
import socket
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)


def checked(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), what)
    return result


def real(file):
    """The descriptor, unless it is of what covers something that must not be seen."""
    if os.fstat(file).st_rdev == os.makedev(1, 3):
        raise OSError(errno.EACCES, "it is /dev/null")
    return file


def beginning(descriptor):
    """Where a path begins: at a directory that somebody outside opened, or where one is."""
    return {} if descriptor == "-" else {"dir_fd": int(descriptor)}


def opened(descriptor, path, mode="read"):
    flags = {"read": os.O_RDONLY, "write": os.O_RDWR}[mode]
    file = real(os.open(path, flags | os.O_NONBLOCK, **beginning(descriptor)))
    if mode == "read" and not os.read(file, 1):
        raise OSError(errno.ENODATA, "it is empty")


def directory(descriptor, path):
    """Makes a control group and removes it."""
    os.mkdir(path, **beginning(descriptor))
    try:
        os.stat(f"{path}/cgroup.procs", **beginning(descriptor))
    finally:
        os.rmdir(path, **beginning(descriptor))


def seen(path):
    """Something lies there once the other side has put it there."""
    stage = os.environ["STAGE"]
    open(f"{stage}/go", "w").close()
    end = time.monotonic() + 5
    while not os.path.exists(f"{stage}/done"):
        if time.monotonic() > end:
            raise OSError(errno.ETIMEDOUT, "nobody put it there")
        time.sleep(0.01)
    os.stat(path)


def device(path):
    real(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY))


def writable(path):
    real(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY))


def written(path):
    """Writes to what has a reader, and closes it."""
    file = real(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY))
    os.write(file, b"written\n")
    time.sleep(0.2)  # for its reader to tell


def queue_by_name(name):
    send(checked(libc.mq_open(name.encode(), os.O_WRONLY | os.O_NONBLOCK), "mq_open"))


def queue_by_path(path):
    """The descriptor of such a file is one of the queue (mq_overview(7))."""
    send(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def queue_made(directory):
    """A queue can carry bits by its name alone."""
    queue = os.open(f"{directory}/secret", os.O_RDWR | os.O_CREAT, 0o600)
    os.unlink(f"{directory}/secret")
    if not os.read(queue, 100).startswith(b"QSIZE"):
        raise OSError(errno.ENOTTY, "it is no queue")


def queue_given(descriptor):
    send(int(descriptor))


def system_v_queue():
    """svipc(7): by a number that both sides know."""
    number = checked(libc.msgget(int("0x65677265", 16), 0), "msgget")
    message = ctypes.create_string_buffer(b"\1\0\0\0\0\0\0\0queued", 16)
    checked(libc.msgsnd(number, message, 8, 0), "msgsnd")
    time.sleep(0.2)  # for its reader to tell


def signalled(descriptor):
    signal.pidfd_send_signal(int(descriptor), signal.SIGUSR1)


def send(queue):
    checked(libc.mq_send(queue, b"queued\n", 7, 0), "mq_send")
    time.sleep(0.2)  # for its reader to tell


def named(descriptor):
    """Gives a socket that somebody outside made a name in the network that it was made in."""
    socket.socket(fileno=int(descriptor)).bind(f"\0egress-{os.getpid()}")


def served(descriptor, name):
    """Has a socket that somebody outside made take connections from there."""
    server = socket.socket(fileno=int(descriptor))
    server.bind("\0" + name)
    server.listen()


def limits(process):
    """Sets limits of a process to what they are."""
    resource.prlimit(int(process), resource.RLIMIT_NOFILE, resource.prlimit(int(process), resource.RLIMIT_NOFILE))


def affinity(process):
    os.sched_setaffinity(int(process), os.sched_getaffinity(int(process)))


def priority(process):
    os.setpriority(os.PRIO_PROCESS, int(process), os.getpriority(os.PRIO_PROCESS, int(process)))


def schedule(process):
    os.sched_setscheduler(int(process), os.SCHED_OTHER, os.sched_param(0))


def ioprio(process):
    SYS_ioprio_get, SYS_ioprio_set = (31, 30) if os.uname().machine == "aarch64" else (252, 251)
    value = checked(libc.syscall(SYS_ioprio_get, 1, int(process)), "ioprio_get")
    checked(libc.syscall(SYS_ioprio_set, 1, int(process), value), "ioprio_set")


def same(path):
    """Writes what is there."""
    with open(path) as file:
        value = file.read()
    with open(path, "w") as file:
        file.write("0x" + value if path.endswith("coredump_filter") else value)


class Handle(ctypes.Structure):
    """struct file_handle"""
    _fields_ = [("bytes", ctypes.c_uint), ("kind", ctypes.c_int), ("data", ctypes.c_char * 128)]


def handle(path, file):
    """Keeps the handle of a file (open_by_handle_at(2))."""
    result, mount = Handle(128), ctypes.c_int()
    checked(libc.name_to_handle_at(-100, path.encode(), ctypes.byref(result), ctypes.byref(mount), 0),
            "name_to_handle_at")
    with open(file, "wb") as output:
        output.write(bytes(result))


def by_handle(file, directory):
    """Opens what has a handle, past everything that covers its path."""
    with open(file, "rb") as given:
        kept = Handle.from_buffer_copy(given.read())
    mount = os.open(directory, os.O_RDONLY)
    opened = checked(libc.open_by_handle_at(mount, ctypes.byref(kept), os.O_RDONLY), "open_by_handle_at")
    if not os.read(opened, 1):
        raise OSError(errno.ENODATA, "it is empty")


def peer_signalled(descriptor):
    """Finds the process at the other end of a socket, and asks for leave to signal it."""
    SO_PEERPIDFD = 77
    with socket.socket(fileno=os.dup(int(descriptor))) as end:
        pidfd = int.from_bytes(end.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD, 4), "little")
    signal.pidfd_send_signal(pidfd, 0)


try:
    globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
except OSError as error:
    sys.exit(f"{sys.argv[1]}: {errno.errorcode.get(error.errno, type(error).__name__)}: {error}")
