# SPDX-License-Identifier: Apache-2.0
"""Sends a datagram from the same port in one process after another, with or without connecting; tells each one's id.

usage: reuse.py ADDRESS PORT connect|send...
"""

import os
import socket
import sys

target = (sys.argv[1], int(sys.argv[2]))
for how in sys.argv[3:]:
    process = os.fork()
    if process == 0:
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(5)
        client.bind(("", 40123))
        if how == "connect":
            client.connect(target)
            client.send(b"datagram")
        else:
            client.sendto(b"datagram", target)
        client.recv(100)
        os._exit(0)
    os.waitpid(process, 0)
    print(process, flush=True)
