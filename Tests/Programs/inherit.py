# SPDX-License-Identifier: Apache-2.0
"""Runs a command with a descriptor of this network namespace as descriptor NUMBER.

usage: inherit.py tcp|udp|giver|late NUMBER command...   an unconnected socket, or a unix socket that holds one of each,
or one to which they are sent again and again until the command ends
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
made = {"tcp": tcp, "udp": udp, "giver": taker, "late": taker}[kind]
giver.close()
os.dup2(made.fileno(), number, inheritable=True)
os.execvp(sys.argv[3], sys.argv[3:])
