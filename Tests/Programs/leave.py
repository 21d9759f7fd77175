# SPDX-License-Identifier: Apache-2.0
"""Sends as much as there is room for, tells how much, and ends with status 3 while it is under way.

usage: leave.py ADDRESS PORT...   (a connection for each port)
"""

import socket
import sys
import time

clients = [socket.create_connection((sys.argv[1], int(port))) for port in sys.argv[2:]]
sent, end = 0, time.monotonic() + 1
while time.monotonic() < end:
    for client in clients:
        try:
            sent += client.send(bytes(65536), socket.MSG_DONTWAIT)
        except BlockingIOError:
            time.sleep(0.02)
print(sent, flush=True)
sys.exit(3)
