# SPDX-License-Identifier: Apache-2.0
"""A stand-in for an OpenBao server: the parts of its HTTP API that egress uses, over TLS on 127.0.0.1, answering as
OpenBao 2 and HashiCorp Vault 1.15 document it (https://openbao.org/api-docs/secret/kv/kv-v2/, .../auth/token/).

usage: bao.py CERTIFICATE KEY LOG   prints its port; each request becomes a line of LOG, without the token
Which token is presented decides how it behaves.
"""
import http.server
import json
import os
import ssl
import sys
import threading
import time

certificate, key, log = sys.argv[1:]
renewals = {}


def token_data(token):
    """What lookup-self says: ttl, creation_ttl and renewable of each token."""
    ttl, whole, renewable = {
        "root": (0, 0, False),
        "fresh": (3000, 3600, True),
        "old": (100, 3600, True),
        "old-fixed": (100, 3600, False),
        "periodic": (100, 0, True),
    }.get(token, (3000, 3600, True))
    data = {"id": token, "ttl": renewals.get(token, ttl), "creation_ttl": whole, "renewable": renewable, "policies": ["p"]}
    if token == "periodic":
        data["period"] = 600
    return {"request_id": "r", "lease_id": "", "renewable": False, "lease_duration": 0, "data": data, "auth": None}


def version(data, **metadata):
    """What reading a version says."""
    whole = {"created_time": "2026-01-01T00:00:00Z", "custom_metadata": None, "deletion_time": "", "destroyed": False, "version": 3}
    whole.update(metadata)
    return {"request_id": "r", "lease_id": "", "renewable": False, "lease_duration": 0, "auth": None,
            "data": {"data": data, "metadata": whole}}


SECRETS = {
    "app/db": (200, version({"password": "canary-7f3a9c", "user": "app"})),
    "one": (200, version({"anything": "canary-7f3a9c"})),
    "none": (200, version({})),
    "number": (200, version({"value": 7})),
    "null": (200, version({"value": None})),
    "empty": (200, version({"value": ""})),
    "unicode": (200, version({"value": "p\u00e4ss\nword"})),
    "deleted": (404, version(None, deletion_time="2026-01-02T00:00:00Z")),
    "destroyed": (404, version(None, destroyed=True)),
    "deleted-200": (200, version(None, deletion_time="2026-01-02T00:00:00Z")),
    "metadata-only": (200, {"data": {"metadata": {}}}),
    "v1": (200, {"data": {"value": "canary-7f3a9c"}}),
    "text": (200, "canary-7f3a9c"),
}


class Bao(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, **headers):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def handle_one(self):
        token = self.headers.get("X-Vault-Token", "")
        namespace = self.headers.get("X-Vault-Namespace", "-")
        with open(log, "a") as file:
            file.write(f"{self.command} {self.path} {namespace} {self.headers.get('X-Vault-Request')}\n")
        error = lambda *texts: {"errors": list(texts)}
        if token == "sealed":
            return self.answer(503, error("Vault is sealed"))
        if token == "standby":
            return self.answer(307, b"", Location=f"https://127.0.0.1:{self.server.server_port}/elsewhere")
        if token == "broken":
            return self.answer(500, error(f"internal error: {token} canary-7f3a9c"))
        if token == "slow":
            time.sleep(60)
            return self.answer(200, {})
        if token == "dripping":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            for _ in range(600):
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.1)
            return
        if token == "endless":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(10000):
                self.wfile.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
            return
        if token == "noise":
            return self.answer(200, b'{"data": {"data": {"value": "canary-7f3a9c"')
        if token == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"data"')
            self.close_connection = True
            return
        if token == "not-http":
            self.wfile.write(b"canary-7f3a9c is no HTTP\r\n\r\n")
            self.close_connection = True
            return
        if token in ("", "revoked"):
            return self.answer(403, error("permission denied"))
        if self.path == "/v1/auth/token/lookup-self":
            if token == "unlookable":
                return self.answer(403, error("permission denied"))
            return self.answer(200, token_data(token))
        if self.path == "/v1/auth/token/renew-self" and self.command == "POST":
            if not token_data(token)["data"]["renewable"]:
                return self.answer(400, error("lease is not renewable"))
            renewals[token] = 3600
            return self.answer(200, {"auth": {"client_token": token, "lease_duration": 3600, "renewable": True}})
        path = self.path.removeprefix("/v1/team/kv/data/") if namespace == "ns1" else self.path.removeprefix("/v1/secret/data/")
        if path.startswith("private/"):
            return self.answer(403, error("1 error occurred:\n\t* permission denied\n\n"))
        if self.command == "GET" and path in SECRETS:
            return self.answer(*SECRETS[path])
        return self.answer(404, error())

    def do_GET(self):
        try:
            self.handle_one()
        except OSError:
            self.close_connection = True

    do_POST = do_GET


def end_with_the_tests():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_the_tests, daemon=True).start()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bao)
server.daemon_threads = True
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_port, flush=True)
server.serve_forever()
