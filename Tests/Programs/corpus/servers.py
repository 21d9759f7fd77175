# SPDX-License-Identifier: Apache-2.0
"""The servers of the attack corpus: names that resolve, and responses that are made, as its scenarios say.

usage: servers.py WORLD < CORPUS   as root of the test world; returns once they listen, and they go on until the world ends

A DNS server on 127.0.0.3:53, over UDP and TCP; HTTP on 93.184.216.34:9443, and over TLS on port 8071. The path of a
request is the id of the scenario whose response it gets.
"""

import ipaddress
import json
import os
import socket
import ssl
import struct
import sys
import threading
import zlib

A, CNAME, AAAA = 1, 5, 28
ADDRESS, PLAIN, TLS = "93.184.216.34", 9443, 8071
world = sys.argv[1]
corpus = json.load(sys.stdin)
names, responses, asked = dict(corpus["dns"]), {}, {}
for scenario in corpus["scenarios"]:
    request = scenario["input"].get("request", {})
    names.update(request.get("dns", {}))
    if "response" in request:
        responses[scenario["id"]] = request["response"]
    # The twin may have another answer, under another path.
    twin = scenario["control"].get("twin", {}) if isinstance(scenario["control"], dict) else {}
    names.update(twin.get("dns", {}))
    if "response" in twin:
        responses[scenario["id"] + "-twin"] = twin["response"]


def encode_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def record(name, kind, data, ttl):
    if kind == CNAME:
        data = encode_name(data)
    else:
        data = ipaddress.ip_address(data).packed
    return encode_name(name) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def answers_of(name):
    """By its own name, or by `*.` and the rest of it."""
    return names.get(name) or names.get("*." + name.partition(".")[2])


def reply(message):
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    name, kind = ".".join(labels).lower(), struct.unpack("!H", message[at + 1:at + 3])[0]
    question, answers = message[12:at + 5], answers_of(name)
    if not answers:
        return message[:2] + struct.pack("!HHHHH", 0x8183, 1, 0, 0, 0) + question
    turn = asked[name, kind] = asked.get((name, kind), -1) + 1
    answer = answers[min(turn, len(answers) - 1)]
    if answer.get("fails"):
        return message[:2] + struct.pack("!HHHHH", 0x8182, 1, 0, 0, 0) + question
    ttl, records, owner = (0 if len(answers) > 1 else 60), [], name
    for alias in answer.get("aliases", []):
        records.append(record(owner, CNAME, alias, ttl))
        owner = alias
    for address in answer.get("addresses", []):
        if (AAAA if ":" in address else A) == kind:
            records.append(record(owner, kind, address, ttl))
    return message[:2] + struct.pack("!HHHHH", 0x8180, 1, len(records), 0, 0) + question + b"".join(records)


def dns_datagrams(server):
    while True:
        message, peer = server.recvfrom(4096)
        try:
            server.sendto(reply(message), peer)
        except (IndexError, struct.error):
            pass


def dns_stream(connection):
    while size := connection.recv(2, socket.MSG_WAITALL):
        answer = reply(connection.recv(struct.unpack("!H", size)[0], socket.MSG_WAITALL))
        connection.sendall(struct.pack("!H", len(answer)) + answer)


def body(response, request):
    if "gzip_zeros" in response:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        return b"".join(packer.compress(bytes(1 << 20)) for _ in range(response["gzip_zeros"] >> 20)) + packer.flush()
    if response.get("echoes"):
        return request
    return bytes(response.get("zeros", 0))


def http(connection):
    request = b""
    while b"\r\n\r\n" not in request and (data := connection.recv(65536)):
        request += data
    path = request.split(b" ", 2)[1].decode("latin-1") if request.count(b" ") > 1 else "/"
    response = responses.get(path.lstrip("/").partition("?")[0].partition("/")[0])
    if response is None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nwelcome\n")
        return
    content = body(response, request)
    head = response["head"].encode("latin-1").replace(b"{length}", str(len(content)).encode())
    connection.sendall(head + content)


def streams(server, handler, context=None):
    def one(connection):
        try:
            with (context.wrap_socket(connection, server_side=True) if context else connection) as peer:
                handler(peer)
        except (OSError, IndexError, struct.error):
            pass

    while True:
        threading.Thread(target=one, args=server.accept()[:1], daemon=True).start()


datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("127.0.0.3", 53))
listeners = [socket.create_server(("127.0.0.3", 53)), socket.create_server((ADDRESS, PLAIN)),
             socket.create_server((ADDRESS, TLS))]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{world}/server.pem", f"{world}/server.key")
if os.fork():
    os._exit(0)
os.setsid()
log = os.open(f"{world}/corpus-servers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
nothing = os.open("/dev/null", os.O_RDONLY)
for number, descriptor in ((0, nothing), (1, log), (2, log)):
    os.dup2(descriptor, number)
threads = [threading.Thread(target=dns_datagrams, args=(datagrams,)),
           threading.Thread(target=streams, args=(listeners[0], dns_stream)),
           threading.Thread(target=streams, args=(listeners[1], http)),
           threading.Thread(target=streams, args=(listeners[2], http, context))]
for thread in threads:
    thread.start()
