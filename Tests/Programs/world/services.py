# SPDX-License-Identifier: Apache-2.0
"""The allowed servers that nginx cannot be: digests of uploads, echoes, half-closes, resets and silence."""

import hashlib
import http.server
import socket
import struct
import sys
import threading
import time

directory = sys.argv[1]


def ending(text):
    """What the last client of a service did, for a test to read afterwards."""
    with open(f"{directory}/endings", "a") as file:
        file.write(text + "\n")


class Upload(http.server.BaseHTTPRequestHandler):
    """Answers a PUT or POST with the digest of its body."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        digest, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left:
            data = self.rfile.read(min(left, 1 << 20))
            digest.update(data)
            left -= len(data)
        body = digest.hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT

    def log_message(self, format, *arguments):
        pass


def digest_of_all(connection):
    """Reads to the end first and answers then: needs a half-close that arrives."""
    digest = hashlib.sha256()
    while data := connection.recv(1 << 20):
        digest.update(data)
    connection.sendall(digest.hexdigest().encode() + b"\n")


def reset(connection):
    """Ends with RST after the first byte."""
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def how_it_ends(connection):
    """Notes whether the client ended with FIN or RST."""
    connection.sendall(b"hello\n")
    try:
        while connection.recv(4096):
            pass
        ending("end of file")
    except ConnectionResetError:
        ending("reset")


def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


def speaks_first(connection):
    """Closes its own direction first and goes on reading."""
    connection.sendall(b"goodbye\n")
    connection.shutdown(socket.SHUT_WR)
    received = 0
    while data := connection.recv(65536):
        received += len(data)
    ending(f"received {received}")


def slow_reader(connection):
    """Reads nothing for a while: the sender must feel it."""
    time.sleep(2)
    received = 0
    while data := connection.recv(1 << 16):
        received += len(data)
    connection.sendall(f"{received}\n".encode())


def reads_late(connection):
    """Reads nothing for three seconds, then all; notes how much."""
    time.sleep(3)
    received = 0
    while data := connection.recv(1 << 16):
        received += len(data)
    ending(f"late {received}")


def reads_nothing(connection):
    """Never reads; notes how it ends."""
    time.sleep(15)
    try:
        while connection.recv(1 << 16):
            pass
        ending("never: end of file")
    except ConnectionResetError:
        ending("never: reset")


def database(connection):
    connection.sendall(b"host database\n")


def serve(address, port, handler):
    server = socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                                  backlog=1024, dualstack_ipv6=address == "::")

    def one(connection):
        with connection:
            try:
                handler(connection)
            except OSError:
                pass

    def loop():
        while True:
            threading.Thread(target=one, args=server.accept()[:1], daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()


def echo_datagrams(address, port):
    server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, port))

    def loop():
        while True:
            data, peer = server.recvfrom(65535)
            server.sendto(data, peer)

    threading.Thread(target=loop, daemon=True).start()


def silence(address, port):
    """A full backlog: the kernel drops every further SYN, as a firewall that drops would."""
    server = socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                                  backlog=0)
    server.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket(server.family)
        filler.setblocking(False)
        filler.connect_ex((address, port))
        fillers.append(filler)
    return server, fillers


kept = [silence("93.184.216.34", 7009), silence("2606:2800:220:1::b1ac", 80)]
for port, handler in ((7000, digest_of_all), (7001, reset), (7003, how_it_ends), (7004, echo), (7005, speaks_first),
                      (7006, slow_reader), (7010, reads_late), (7011, reads_nothing)):
    serve("::", port, handler)
for address in ("93.184.216.34", "2606:2800:220:1::1"):
    echo_datagrams(address, 7002)
serve("127.0.0.1", 5432, database)
http.server.ThreadingHTTPServer(("93.184.216.34", 8080), Upload).serve_forever()
