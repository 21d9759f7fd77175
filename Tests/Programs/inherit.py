# SPDX-License-Identifier: Apache-2.0
"""Runs a command with a descriptor of this network namespace as descriptor NUMBER.

usage: inherit.py KIND NUMBER command...
KIND: tcp, udp, netlink          an unconnected socket
      unix, pair                 a unix stream that is not connected, or one that is
      network, process, path, queue   a network namespace, a process (pidfd), a directory (O_PATH), a message queue
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
elif kind == "network":
    made = os.open("/proc/self/ns/net", os.O_RDONLY)
elif kind == "process":
    account = "user" if os.getuid() else "root"
    with open(f"{os.environ['WORLD']}/victim-{account}.pid") as file:
        made = os.pidfd_open(int(file.read()))
elif kind == "path":
    made = os.open(os.environ["HOME"], os.O_PATH)
elif kind == "queue":
    made = os.open(f"{os.environ['PLACE']}/mqueue/egress-canary", os.O_WRONLY)
if kind == "pair":
    giver.set_inheritable(True)
else:
    giver.close()
os.dup2(made if isinstance(made, int) else made.fileno(), number, inheritable=True)
os.execvp(sys.argv[3], sys.argv[3:])
