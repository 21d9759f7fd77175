# SPDX-License-Identifier: Apache-2.0
"""Runs a command in a mount namespace where DIRECTORY is an automounter's, which knows one name, 'kept'.

usage: automount.py DIRECTORY LOG command...

Each other name that it is asked for is written to LOG, and there is none. Needs root, and CONFIG_AUTOFS_FS.
Documentation/filesystems/autofs.rst of Linux; the packets are those of protocol 5.
"""

import ctypes
import fcntl
import os
import struct
import sys

CLONE_NEWNS, MS_PRIVATE, MS_REC = 0x20000, 1 << 18, 1 << 14
AUTOFS_IOC_FAIL = 0x9361
# header (version, type), token, device, inode, uid, gid, pid, tgid, length of the name; then the name
PACKET = struct.Struct("=iiIIQIIIII")
SIZE = 304  # sizeof(struct autofs_v5_packet) on 64-bit machines

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        sys.exit(f"automount.py: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind, flags, options):
    check(libc.mount(source.encode(), target.encode(), kind and kind.encode(), flags, options and options.encode()))


def serve(requests, folder, log):
    while True:
        packet = os.read(requests, SIZE)
        if len(packet) < PACKET.size:
            return
        fields = PACKET.unpack_from(packet)
        token, length = fields[2], fields[9]
        with open(log, "ab") as record:
            record.write(packet[PACKET.size:PACKET.size + length] + b"\n")
        fcntl.ioctl(folder, AUTOFS_IOC_FAIL, token)


directory, log, command = sys.argv[1], sys.argv[2], sys.argv[3:]
check(libc.unshare(CLONE_NEWNS))
mount("none", "/", None, MS_PRIVATE | MS_REC, None)
os.makedirs(directory, exist_ok=True)
open(log, "wb").close()
os.chmod(log, 0o644)
os.setpgid(0, 0)
requests, answers = os.pipe()
mount("test", directory, "autofs", 0,
      f"fd={answers},pgrp={os.getpgrp()},minproto=5,maxproto=5,uid=0,gid=0,indirect")
os.close(answers)
# Who belongs to the automounter's process group makes directories there, and is not asked about.
kept = f"{directory}/kept"
os.mkdir(kept)
mount("none", kept, "tmpfs", 0, "mode=0755")
with open(f"{kept}/file", "w") as file:
    file.write("still here\n")
folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
child = os.fork()
if child == 0:
    os.close(folder)
    os.close(requests)
    os.setpgid(0, 0)
    os.execvp(command[0], command)
automounter = os.fork()
if automounter == 0:
    serve(requests, folder, log)
    os._exit(0)
status = os.waitpid(child, 0)[1]
os.kill(automounter, 9)
os.waitpid(automounter, 0)
sys.exit(os.waitstatus_to_exitcode(status))
