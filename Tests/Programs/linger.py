# SPDX-License-Identifier: Apache-2.0
"""Sends more than fits on a socket whose last close(2) is to wait for 20 s.

usage: linger.py waits PORT     until it is ended
       linger.py closes PORT    for a second, in which the descriptor is closed; then connects elsewhere
"""

import os
import socket
import struct
import sys
import threading
import time


def send(client):
    try:
        while True:
            client.sendmsg([bytes(1 << 20)])
    except OSError:
        pass


how, port = sys.argv[1], int(sys.argv[2])
client = socket.create_connection(("93.184.216.34", port))
client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 20))
if how == "waits":
    send(client)
client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 1, 0))
threading.Thread(target=send, args=(client,), daemon=True).start()
time.sleep(0.7)
os.close(client.fileno())
time.sleep(1.5)
begin = time.monotonic()
socket.create_connection(("93.184.216.34", 80)).close()
print("connected" if time.monotonic() - begin < 1 else "stopped", flush=True)
os._exit(0)
