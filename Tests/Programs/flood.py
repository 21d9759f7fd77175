# SPDX-License-Identifier: Apache-2.0
"""Starts many connections at once, then shows that an ordinary one is still made.

usage: flood.py denied|silent|blocked|datagrams ADDRESS PORT COUNT
"""

import errno
import os
import resource
import socket
import struct
import sys
import threading
import time

kind, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 4096), limit))


def block(number):
    """Threads that wait for connect(2), all of one process; then another process does, which tells how its call ends."""
    threading.stack_size(64 << 10)
    for _ in range(number):
        client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        threading.Thread(target=client.connect_ex, args=((address, port),), daemon=True).start()
    time.sleep(1.5)
    child = os.fork()
    if child == 0:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 1, 0))
        print(errno.errorcode[client.connect_ex(("93.184.216.34", 7009))], flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print(socket.create_connection(("v4.example", 80), timeout=5).getpeername()[0], flush=True)
    os._exit(0)


if kind == "blocked":
    block(count)
kept = []
for number in range(count):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    client = socket.socket(family, socket.SOCK_DGRAM if kind == "datagrams" else socket.SOCK_STREAM)
    client.setblocking(False)
    if kind == "datagrams":
        client.sendto(b"flood", (address, port))
    else:
        target = f"185.199.{number // 250}.{1 + number % 250}" if kind == "denied" else address
        client.connect_ex((target, port))
    kept.append(client)
print(socket.create_connection(("v4.example", 80), timeout=5).getpeername()[0])
