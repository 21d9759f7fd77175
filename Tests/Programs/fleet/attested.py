# SPDX-License-Identifier: Apache-2.0
"""A real worker from end to end: a nonce, egress-run, its statement, a registration and a heartbeat from inside the sandbox; and
the same statement shown again. usage: attested.py EGRESS, with egress-run beside it"""

import os
import subprocess
import sys

from registry import Registry

egress = os.path.abspath(sys.argv[1])
run = os.path.join(os.path.dirname(egress), "egress-run")
failures = []

INSIDE = r"""set -e
send() { curl -sS --max-time 20 -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d "$2" "$URL$1"; }
answer=$(send /v1/workers "{\"attestation\":\"$(cat token.jwt)\"}")
lease=$(printf %s "$answer" | sed -n 's/.*"lease":"\([0-9a-f]*\)".*/\1/p')
[ -n "$lease" ] || { printf '%s\n' "$answer" >&2; exit 9; }
send /v1/workers/real-1/heartbeat "{\"lease\":\"$lease\",\"running\":2}"
"""


def worker(r, *options, nonce):
    arguments = [run, "--allow", f"127.0.0.1:{r.port}", "--worker-id", "real-1", "--attest", "token.jwt", "--attest-key",
                 r.path("worker.key"), "--attest-nonce", nonce, *options, "--", "sh", "-c", INSIDE]
    return subprocess.run(arguments, cwd=r.folder, env=os.environ | {"TOKEN": r.worker, "URL": r.url},
                          capture_output=True, text=True, timeout=60)


with Registry(egress) as registry:
    subprocess.run([egress, "attest", "keygen", "--out", registry.path("worker.key")], check=True, capture_output=True)
    registry.stop()
    with open(registry.path("worker.key.pub"), encoding="utf-8") as key, open(registry.signer.public, "a") as trusted:
        trusted.write(key.read())
    registry.start()

    outcome = worker(registry, nonce=registry.nonce())
    if outcome.returncode != 0 or '"state":"ready"' not in outcome.stdout:
        failures.append(f"the worker was not taken: {outcome}")
    found = registry.call("GET", "/v1/workers/real-1", token=registry.operator)[2]
    facts = found.get("attestation", {})
    if found.get("running") != 2 or not facts.get("egress_proxy") or facts.get("isolation") != "netns":
        failures.append(f"what was registered: {found}")
    with open(registry.path("token.jwt"), encoding="ascii") as token:
        status, _, reply = registry.call("POST", "/v1/workers", {"attestation": token.read().strip()}, registry.worker)
    if status != 409 or reply["reason"] != "replayed":
        failures.append(f"the statement shown again: {status} {reply}")
    outcome = worker(registry, nonce="not-a-nonce-of-this-registry")
    if outcome.returncode != 9 or "unknown_nonce" not in outcome.stderr:
        failures.append(f"a nonce of nobody: {outcome}")

print("\n".join(failures) or "a real worker registers, once")
sys.exit(1 if failures else 0)
