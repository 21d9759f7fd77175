# SPDX-License-Identifier: Apache-2.0
"""A registry of `egress fleet serve` on the loopback, in a folder of its own, with tokens and a signer of statements."""

import base64
import hashlib
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """Signs statements as `egress-run --attest` does, with a key that openssl keeps."""

    def __init__(self, folder):
        self.key = os.path.join(folder, "key.pem")
        self.public = os.path.join(folder, "key.pub")
        self.scratch = os.path.join(folder, "signed")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.key], check=True)
        subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-out", self.public], check=True)
        der = subprocess.run(
            ["openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER"], check=True, capture_output=True
        ).stdout
        jwk = '{"crv":"Ed25519","kty":"OKP","x":"%s"}' % b64(der[-32:])
        self.kid = b64(hashlib.sha256(jwk.encode()).digest())

    def claims(self, worker, nonce, **changes):
        now = int(time.time())
        digest = "sha256:" + "a" * 64
        zeros = "0" * 16
        lo = {"index": 1, "name": "lo", "kind": "loopback", "up": True}
        claims = {
            "eat_profile": "urn:uuid:ba4da217-4852-4823-8039-d12de5c811ac", "iss": "egress-run", "sub": worker,
            "jti": secrets.token_hex(8), "iat": now, "exp": now + 600, "swname": "egress-run", "swversion": ["1.0.0"],
            "egress_run": {
                "statement": "start", "isolation": "netns", "policy": digest, "launcher": digest,
                "executable": {"path": "/usr/bin/worker", "digest": digest},
                "kernel": {"release": "6.18.0", "machine": "x86_64"},
                "namespaces": {
                    "worker": {"net": 1, "pid": 2, "mnt": 3, "ipc": 4, "uts": 5, "user": 6}, "relay": {"net": 7},
                    "host": {"net": 11, "pid": 12, "mnt": 13, "ipc": 14, "uts": 15, "user": 16},
                },
                "relay_links": [lo, {"index": 2, "name": "r", "kind": "veth", "up": True, "peer": "worker"}],
                "worker_links": [lo, {"index": 2, "name": "w", "kind": "veth", "up": True, "peer": "relay"}],
                "seccomp": {"mode": 2, "filters": 1, "host_filters": 0, "digest": digest}, "no_new_privs": True,
                "capabilities": dict.fromkeys(["inheritable", "permitted", "effective", "bounding", "ambient"], zeros),
            },
        }
        if nonce:
            claims["eat_nonce"] = nonce
        claims.update(changes)
        return claims

    def sign(self, claims):
        header = {"alg": "EdDSA", "typ": "eat+jwt", "kid": self.kid}
        signed = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
        with open(self.scratch, "w", encoding="ascii") as file:
            file.write(signed)
        signature = subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.key, "-in", self.scratch],
            check=True, capture_output=True,
        ).stdout
        return signed + "." + b64(signature)


class Registry:
    """The process; use it in a `with` block."""

    def __init__(self, egress, policy="version: 1\n", tls=False):
        self.egress, self.policy, self.tls = egress, policy, tls
        self.worker, self.operator = secrets.token_hex(32), secrets.token_hex(32)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="egress-fleet-")
        self.signer = Signer(self.folder)
        self.write("tokens", f"# two\nworker {self.worker}\noperator {self.operator}\n")
        self.write("operator", self.operator + "\n")
        self.write("fleet.yaml", self.policy)
        self.arguments = [
            self.egress, "fleet", "serve", "--listen", "127.0.0.1:0", "--db", self.path("fleet.db"),
            "--trust", self.signer.public, "--policy", self.path("fleet.yaml"), "--token-file", self.path("tokens"),
        ]
        if self.tls:
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                 "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                 self.path("tls.key"), "-out", self.path("tls.crt")],
                check=True, capture_output=True,
            )
            os.chmod(self.path("tls.key"), 0o600)
            self.arguments += ["--tls-cert", self.path("tls.crt"), "--tls-key", self.path("tls.key")]
        self.start()
        return self

    def start(self):
        self.log = open(self.path("log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(self.arguments, stderr=self.log, stdout=self.log)
        for _ in range(200):
            with open(self.path("log"), encoding="utf-8") as log:
                found = re.search(r"served at (https?)://127\.0\.0\.1:(\d+)/", log.read())
            if found:
                self.port = int(found.group(2))
                self.url = f"{found.group(1)}://127.0.0.1:{self.port}"
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit("the registry did not start: " + self.output())

    def output(self):
        with open(self.path("log"), encoding="utf-8") as log:
            return log.read()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(timeout=20)
        self.log.close()
        return status

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connection(self):
        if self.tls:
            context = ssl.create_default_context(cafile=self.path("tls.crt"))
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def call(self, method, path, body=None, token=None, headers=None):
        """The status, the headers, and the body, read as JSON if it is."""
        connection = self.connection()
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if data and answer.headers.get_content_type() == "application/json":
            data = json.loads(data)
        return answer.status, answer.headers, data

    def nonce(self):
        return self.call("POST", "/v1/challenges", token=self.worker)[2]["nonce"]

    def statement(self, worker, **changes):
        return self.signer.sign(self.signer.claims(worker, self.nonce(), **changes))

    def register(self, worker):
        status, _, reply = self.call("POST", "/v1/workers", {"attestation": self.statement(worker)}, self.worker)
        assert status == 201, reply
        return reply["lease"]
