# SPDX-License-Identifier: Apache-2.0
"""Runs a command with a descriptor of this network namespace as descriptor NUMBER.

usage: inherit.py KIND NUMBER command...
KIND: tcp, udp, netlink          an unconnected socket
      unix, pair                 a unix stream that is not connected, or one that is
      giver, late                a unix socket that holds a TCP and a UDP socket, or to which they are sent all the time
"""

import os
import socket
import sys
import time

kind, number = sys.argv[1], int(sys.argv[2])
tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
giver, taker = socket.socketpair()


def give():
    socket.send_fds(giver, [b"x"], [tcp.fileno(), udp.fileno()])


def give_later():
    """In a process that the command does not wait for."""
    parent = os.getpid()
    if os.fork():
        return
    taker.close()
    for descriptor in range(3):
        os.close(descriptor)
    while os.getppid() == parent:
        try:
            give()
        except PermissionError:
            pass
        except OSError:
            break
        time.sleep(0.05)
    os._exit(0)


if kind == "giver":
    give()
if kind == "late":
    give_later()
made = {"tcp": tcp, "udp": udp, "giver": taker, "late": taker, "pair": taker}.get(kind)
if kind == "netlink":
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
elif kind == "unix":
    made = socket.socket(socket.AF_UNIX)
if kind == "pair":
    giver.set_inheritable(True)
else:
    giver.close()
os.dup2(made.fileno(), number, inheritable=True)
os.execvp(sys.argv[3], sys.argv[3:])
