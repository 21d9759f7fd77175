# SPDX-License-Identifier: Apache-2.0
"""Which process a server inside takes its client for, by a pidfd (SO_PEERPIDFD, SCM_PIDFD): "mine", one that this pid
namespace does not have ("outside"), or why there is none.

usage: peer.py stream|datagram   in a directory that can be written to
"""

import errno
import os
import socket
import struct
import sys

SO_PASSPIDFD, SO_PEERPIDFD, SCM_PIDFD = 76, 77, 4


def whose(pidfd):
    """fdinfo has 0 for a process of a pid namespace that is not below this one's (pidfd_open(2))."""
    with open(f"/proc/self/fdinfo/{pidfd}") as file:
        number = next(int(line.split()[1]) for line in file if line.startswith("Pid:"))
    return "outside" if number == 0 else "mine" if number == os.getpid() else f"process {number}"


def stream():
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("peer")
        server.listen()
        client.connect("peer")
        accepted, _ = server.accept()
        return whose(struct.unpack("i", accepted.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD, 4))[0])


def datagram():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        server.bind("peer")
        server.setsockopt(socket.SOL_SOCKET, SO_PASSPIDFD, 1)
        client.sendto(b"x", "peer")
        _, ancillary, _, _ = server.recvmsg(10, 100)
        given = [struct.unpack("i", value)[0] for _, kind, value in ancillary if kind == SCM_PIDFD]
        return whose(given[0]) if given and given[0] >= 0 else "none"


try:
    print(globals()[sys.argv[1]]())
except OSError as error:
    print(errno.errorcode[error.errno])
finally:
    os.unlink("peer")
