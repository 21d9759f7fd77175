# SPDX-License-Identifier: Apache-2.0
"""Runs a command with a descriptor of this network namespace as descriptor NUMBER.

usage: inherit.py tcp|udp|giver NUMBER command...   an unconnected socket, or a unix socket that holds one of each
"""

import os
import socket
import sys

kind, number = sys.argv[1], int(sys.argv[2])
tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
giver, taker = socket.socketpair()
socket.send_fds(giver, [b"x"], [tcp.fileno(), udp.fileno()])
made = {"tcp": tcp, "udp": udp, "giver": taker}[kind]
os.dup2(made.fileno(), number, inheritable=True)
os.execvp(sys.argv[3], sys.argv[3:])
