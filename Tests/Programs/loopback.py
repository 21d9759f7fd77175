# SPDX-License-Identifier: Apache-2.0
"""A server and a client that are both inside, on a port that the policy also lets out. usage: loopback.py ADDRESS PORT"""

import socket
import sys

address, port = sys.argv[1], int(sys.argv[2])
for family, own in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.8.8.8"), (socket.AF_INET6, "::1")):
    with socket.create_server(("::" if family == socket.AF_INET6 else "0.0.0.0", port), family=family) as server:
        with socket.create_connection((own, port), timeout=2) as client:
            peer, _ = server.accept()
            peer.sendall(b"from inside")
            assert client.recv(99) == b"from inside"
            peer.close()
        # While our own server has the port, the same port outside is still outside.
        with socket.create_connection((address, port), timeout=2) as client:
            client.sendall(b"PUT / HTTP/1.0\r\nContent-Length: 0\r\n\r\n")
            assert client.recv(99).startswith(b"HTTP/1."), "not the server outside"
print("ok")
