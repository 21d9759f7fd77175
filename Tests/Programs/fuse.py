# SPDX-License-Identifier: Apache-2.0
"""Runs a command while $SLOW_FILE is a file of a file system of our own (FUSE) that takes its time ($DELAY seconds) to give its only page: the
socket address of ADDRESS and PORT. Needs root, and a mount namespace that is thrown away.

usage: fuse.py ADDRESS PORT command...
"""

import ctypes
import os
import socket
import struct
import sys
import tempfile
import time

LOOKUP, GETATTR, OPEN, READ, INIT, FLUSH, RELEASE, FORGET, BATCH_FORGET, STATFS = 1, 3, 14, 15, 26, 25, 18, 2, 42, 17
DELAY, PAGE = float(os.environ.get("DELAY", "0.5")), 4096


def attributes(node):
    mode, size = (0o040755, 0) if node == 1 else (0o100644, PAGE)
    return struct.pack("=QQQQQQIIIIIIIIII", node, size, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, PAGE, 0)


def reply(device, unique, error=0, body=b""):
    try:
        os.write(device, struct.pack("=IiQ", 16 + len(body), -error, unique) + body)
    except OSError:
        pass  # whoever asked is gone


def serve(device, content):
    """The part of linux/fuse.h that a file to be mapped needs; nothing is kept by the kernel."""
    while True:
        try:
            request = os.read(device, 1 << 17)
        except InterruptedError:
            continue
        _, operation, unique, node = struct.unpack_from("=IIQQ", request)
        if operation == INIT:
            reply(device, unique, 0, struct.pack("=IIIIHHIIHHI28x", 7, 31, 0, 0, 8, 8, PAGE, 1, 1, 0, 0))
        elif operation == LOOKUP:
            reply(device, unique, 0, struct.pack("=QQQQII", 2, 0, 0, 0, 0, 0) + attributes(2))
        elif operation == GETATTR:
            reply(device, unique, 0, struct.pack("=QII", 0, 0, 0) + attributes(node))
        elif operation == OPEN:
            reply(device, unique, 0, struct.pack("=QIi", 1, 0, 0))
        elif operation == READ:
            time.sleep(DELAY)
            reply(device, unique, 0, content)
        elif operation in (FLUSH, RELEASE):
            reply(device, unique)
        elif operation not in (FORGET, BATCH_FORGET):
            reply(device, unique, 38)  # ENOSYS


address, port = sys.argv[1], int(sys.argv[2])
name = struct.pack("=H", socket.AF_INET) + struct.pack("!H", port) + socket.inet_aton(address)
directory = tempfile.mkdtemp()
os.chmod(directory, 0o755)
device = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"slow", directory.encode(), b"fuse", 0, options) != 0:
    sys.exit(f"fuse.py: {os.strerror(ctypes.get_errno())}")
server = os.fork()
if server == 0:
    # It ends with the command: the file system is gone when its device is closed.
    libc.prctl(1, 9, 0, 0, 0)
    serve(device, name.ljust(PAGE, b"\0"))
os.close(device)
os.environ["SLOW_FILE"] = f"{directory}/page"
os.execvp(sys.argv[3], sys.argv[3:])
