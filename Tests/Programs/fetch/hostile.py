# SPDX-License-Identifier: Apache-2.0
"""Web servers of every bad kind, for tests of `egress fetch`. What a path does stands in PATHS.

usage: hostile.py DIRECTORY   (that of the test world; certificates are made in DIRECTORY/fetch)

Port 7100 speaks HTTP. Ports 7443 and up speak TLS with a certificate that is right (7443), another host's (7444), expired
(7445), the address's and not the name's (7446), of an unknown authority (7447), or for the common name only (7448).
Requests are noted in DIRECTORY/fetch/requests as JSON lines. `DIRECTORY/fetch/ready` appears when all of them listen.
"""

import base64
import gzip
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
import zlib

directory = f"{sys.argv[1]}/fetch"
ADDRESSES = ["93.184.216.34", "93.184.216.35"]
LIMIT = 20  # seconds that any behaviour goes on for at most
notes = threading.Lock()


def response(body=b"", *fields, status="200 OK", length=True):
    if isinstance(body, str):
        body = body.encode()
    lines = [f"HTTP/1.1 {status}", *([f"Content-Length: {len(body)}"] if length else []), *fields, "", ""]
    return "\r\n".join(lines).encode() + body


def raw(text):
    return lambda request: text.encode("latin-1") if isinstance(text, str) else text


def redirect(location, status=302):
    return response(b"moved", f"Location: {location}", status=f"{status} Moved")


def echo(request):
    return response(json.dumps(request), "Content-Type: application/json")


def to(request):
    """/to/STATUS?LOCATION"""
    path, _, location = request["target"].partition("?")
    return redirect(urllib.parse.unquote(location), int(path.rsplit("/", 1)[1]))


def chain(request):
    left = int(request["target"].rsplit("/", 1)[1])
    return redirect(f"/chain/{left - 1}") if left else response("the end")


def wait(seconds):
    def behave(request):
        time.sleep(seconds)
        return response("late")
    return behave


def endless(head, piece, pause=0.0):
    """Sends pieces until the client has enough."""
    def behave(request):
        yield head
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            yield piece
            time.sleep(pause)
    return behave


def leak(request):
    """Answers with what it got in every form, and sends the client elsewhere with it."""
    secret = request["headers"].get("authorization", "none").removeprefix("Bearer ")
    plain = secret.encode()
    forms = [secret, base64.b64encode(plain).decode(), base64.b64encode(b"x" + plain).decode(),
             base64.b64encode(b"xy" + plain).decode(), urllib.parse.quote(secret, safe=""), plain.hex(), plain.hex().upper()]
    return response("\n".join(forms) * 3, *[f"X-Echo-{n}: {form}" for n, form in enumerate(forms)], f"Set-Cookie: t={secret}")


def leak_gzip(request):
    secret = request["headers"].get("authorization", "none").removeprefix("Bearer ")
    return response(gzip.compress(secret.encode()), "Content-Encoding: gzip")


def leak_away(request):
    secret = request["headers"].get("authorization", "none").removeprefix("Bearer ")
    return redirect(f"http://v4.example:7100/echo?x={urllib.parse.quote(secret)}")


def leak_host(request):
    secret = request["headers"].get("authorization", "none").removeprefix("Bearer ")
    return redirect(f"http://{secret}.denied.example:7100/")


def leak_type(request):
    secret = request["headers"].get("authorization", "none").removeprefix("Bearer ")
    return response("x", f"Content-Type: text/{secret}")


def coded(coding, data):
    return lambda request: response(data, f"Content-Encoding: {coding}")


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def bomb():
    """64 MiB of zeros in 64 KiB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(b"\0" * (64 << 20)) + packer.flush()


OK = "HTTP/1.1 200 OK\r\n"
TEXT = b"the quick brown fox\n" * 500
PACKED = gzip.compress(TEXT)
PATHS = {
    "/": lambda request: response("hello\n", "Content-Type: text/plain; charset=utf-8"),
    "/echo": echo, "/to": to, "/chain": chain, "/leak": leak, "/leak-gzip": leak_gzip, "/leak-away": leak_away,
    "/leak-host": leak_host, "/leak-type": leak_type,
    "/loop": lambda request: redirect("/loop"),
    "/ping": lambda request: redirect("/pong"), "/pong": lambda request: redirect("/ping"),
    "/no-location": raw(response(status="302 Found")),
    "/two-locations": raw(response(b"", "Location: /", "Location: /echo", status="302 Found")),
    "/utf8-location": raw("HTTP/1.1 302 Found\r\nLocation: /\xc3\xa9cho\r\nContent-Length: 0\r\n\r\n"),
    "/%C3%A9cho": lambda request: response("accented"),
    "/status/404": raw(response("nothing here", status="404 Not Found")),
    "/status/500": raw(response("oops", status="500 Oops")),
    "/status/204": raw("HTTP/1.1 204 No Content\r\n\r\n"),
    "/status/300": raw(response("choose", "Location: /", status="300 Multiple Choices")),
    "/html": raw(response("<p>", "Content-Type: text/html")),
    "/binary": raw(response(b"\x7fELF\0\1\2")),
    "/big": raw(response(b"0123456789abcdef" * (1 << 16))),  # 1 MiB
    "/chunked": raw(OK + "Transfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n5;name=value\r\npedia\r\n0\r\nX-Trailer: t\r\n\r\n"),
    "/until-close": raw(OK + "\r\nall there is"),
    "/interim": raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + "Content-Length: 2\r\n\r\nok"),
    "/extra": raw(OK + "Content-Length: 5\r\n\r\nfirst" + OK + "Content-Length: 6\r\n\r\nsecond"),
    # Framing that programs disagree about.
    "/length-and-chunked": raw(OK + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "/chunked-and-length": raw(OK + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "/two-lengths": raw(OK + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    "/list-length": raw(OK + "Content-Length: 5, 6\r\n\r\nhello!"),
    "/signed-length": raw(OK + "Content-Length: +5\r\n\r\nhello"),
    "/negative-length": raw(OK + "Content-Length: -1\r\n\r\nhello"),
    "/huge-length": raw(OK + "Content-Length: 99999999999999999999\r\n\r\nhello"),
    "/folded": raw(OK + "X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello"),
    "/folded-chunked": raw(OK + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\nhello"),
    "/space-before-colon": raw(OK + "Content-Length : 5\r\n\r\nhello"),
    "/gzip-chunked": raw(OK + "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "/chunked-twice": raw(OK + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "/chunked-not-last": raw(OK + "Transfer-Encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "/coding-unknown": raw(OK + "Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "/old-chunked": raw("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    "/chunk-size-text": raw(OK + "Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n"),
    "/chunk-size-prefix": raw(OK + "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"),
    "/chunk-size-negative": raw(OK + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n"),
    "/chunk-size-huge": raw(OK + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    "/chunk-bare-lf": raw(OK + "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n"),
    "/chunk-too-long": raw(OK + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello world\r\n0\r\n\r\n"),
    "/bare-lf": raw("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
    "/bare-cr": raw(OK + "X-A: b\rContent-Length: 5\r\n\r\nhello"),
    "/nul": raw(OK + "X-A: b\0c\r\nContent-Length: 5\r\n\r\nhello"),
    "/nameless": raw(OK + ": b\r\nContent-Length: 5\r\n\r\nhello"),
    "/rtsp": raw("RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    "/http9": raw("HTTP/9.9 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    "/no-head": raw("hello"),
    "/ssh": raw("SSH-2.0-OpenSSH_9.2\r\n"),
    "/status-99": raw("HTTP/1.1 099 Odd\r\nContent-Length: 5\r\n\r\nhello"),
    "/status-999": raw("HTTP/1.1 999 Odd\r\nContent-Length: 5\r\n\r\nhello"),
    "/switching": raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello"),
    "/close-early": raw(OK + "Content-Length: 50\r\n\r\nhello"),
    "/chunk-cut": raw(OK + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    "/silent-close": raw(""),
    # What never ends.
    "/endless": endless((OK + "\r\n").encode(), b"x" * 65536),
    "/endless-chunks": endless((OK + "Transfer-Encoding: chunked\r\n\r\n").encode(), b"1\r\nx\r\n" * 4096),
    "/endless-extension": endless((OK + "Transfer-Encoding: chunked\r\n\r\n1;").encode(), b"a" * 65536),
    "/endless-trailer": endless((OK + "Transfer-Encoding: chunked\r\n\r\n0\r\n").encode(), b"x-y: z\r\n" * 4096),
    "/endless-interim": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "/endless-header": endless((OK + "X: ").encode(), b"x" * 65536),
    "/endless-headers": endless(OK.encode(), b"X-Y: z\r\n" * 1000),
    "/endless-reason": endless(b"HTTP/1.1 200 ", b"x" * 65536),
    "/endless-gzip": endless((OK + "Content-Encoding: gzip\r\n\r\n").encode(), gzip.compress(b"\0" * 100000)),
    "/endless-empty-gzip": endless((OK + "Content-Encoding: gzip\r\n\r\n").encode(), gzip.compress(b"") * 1000),
    "/slow-header": endless(OK.encode(), b"X-Y: z\r\n", 0.2),
    "/slow-body": endless((OK + "\r\n").encode(), b"x", 0.2),
    "/late": wait(LIMIT),
    # Content codings.
    "/gzip": coded("gzip", PACKED), "/x-gzip": coded("X-GZip", PACKED),
    "/gzip-members": coded("gzip", PACKED + PACKED), "/gzip-bomb": coded("gzip", bomb()),
    "/gzip-cut": coded("gzip", PACKED[:-12]), "/gzip-garbage": coded("gzip", PACKED + b"garbage"),
    "/gzip-not": coded("gzip", TEXT), "/gzip-crc": coded("gzip", PACKED[:-8] + b"\0" * 8), "/gzip-empty": coded("gzip", b""),
    "/gzip-gzip": coded("gzip, gzip", gzip.compress(PACKED)), "/br": coded("br", b"\x0b\x02\x80hello\x03"),
    "/deflate": coded("deflate", zlib.compress(TEXT)), "/deflate-raw": coded("deflate", raw_deflate(TEXT)),
}


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return {"method": method, "target": target, "headers": headers, "body": body.decode("latin-1"),
            "fields": len(lines) - 1, "server": "%s:%d" % connection.getsockname()[:2]}


def behaviour(target):
    path = target.partition("?")[0]
    while path not in PATHS and path.count("/") > 1:
        path = path.rpartition("/")[0]
    return PATHS.get(path, raw(response("unknown", status="404 Not Found")))


def serve(connection, context):
    try:
        connection.settimeout(LIMIT)
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            request = read_request(connection)
            if request is None:
                return
            with notes, open(f"{directory}/requests", "a") as file:
                file.write(json.dumps(request) + "\n")
            answer = behaviour(request["target"])(request)
            for piece in [answer] if isinstance(answer, bytes) else answer:
                connection.sendall(piece)
            if context:
                connection.unwrap()
    except (OSError, ValueError):
        pass


def listen(port, context=None):
    def loop(server):
        while True:
            threading.Thread(target=serve, args=(server.accept()[0], context), daemon=True).start()

    for address in ADDRESSES:
        server = socket.create_server((address, port), backlog=128)
        threading.Thread(target=loop, args=(server,), daemon=True).start()


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)


def authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}")


def certificate(name, names, days=2, ca="ca", subject="a server"):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.csr", "-subj", f"/CN={subject}")
    with open(f"{directory}/{name}.ext", "w") as file:
        file.write(f"subjectAltName={names}\n" if names else "basicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-days", str(days),
            "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/{name}.pem", f"{directory}/{name}.key")
    return context


os.makedirs(directory, exist_ok=True)
authority("ca")
authority("other")
RIGHT = "DNS:v4.example,DNS:*.rebind.example,IP:93.184.216.34"
listen(7100)
listen(7443, certificate("right", RIGHT))
listen(7444, certificate("wrong", "DNS:other.example,DNS:*.v4.example"))
listen(7445, certificate("expired", RIGHT, days=-1))
listen(7446, certificate("address", "IP:93.184.216.34"))
listen(7447, certificate("unknown", RIGHT, ca="other"))
listen(7448, certificate("common", "", subject="v4.example"))
subprocess.run(["chmod", "-R", "a+rX", directory], check=True)
open(f"{directory}/ready", "w").close()
threading.Event().wait()
