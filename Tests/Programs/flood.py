# SPDX-License-Identifier: Apache-2.0
"""Starts many connections at once, then shows that an ordinary one is still made.

usage: flood.py denied|silent|datagrams ADDRESS PORT COUNT
"""

import resource
import socket
import sys

kind, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 4096), limit))
kept = []
for number in range(count):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "datagrams" else socket.SOCK_STREAM)
    client.setblocking(False)
    if kind == "datagrams":
        client.sendto(b"flood", (address, port))
    else:
        target = f"185.199.{number // 250}.{1 + number % 250}" if kind == "denied" else address
        client.connect_ex((target, port))
    kept.append(client)
print(socket.create_connection(("v4.example", 80), timeout=5).getpeername()[0])
