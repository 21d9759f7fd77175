# SPDX-License-Identifier: Apache-2.0
"""The commands of an operator, and of whoever serves: results, exit statuses, and what they refuse. usage: commands.py EGRESS"""

import json
import os
import signal
import subprocess
import sys

from registry import Registry

egress = sys.argv[1]
failures = []


def expect(truth, what):
    if not truth:
        failures.append(str(what))


def run(*arguments, status=0):
    outcome = subprocess.run([egress, "fleet", *arguments], capture_output=True, text=True, timeout=60)
    expect(outcome.returncode == status, f"{arguments}: {outcome.returncode}, expected {status}: {outcome.stderr}")
    expect("Fatal" not in outcome.stderr, outcome.stderr)
    return outcome


def operate(r):
    reach = ["--server", r.url, "--token-file", r.path("operator"), "--ca", r.path("tls.crt")]
    lease = r.register("build-1")
    r.register("evil-\x1b[31m".replace("\x1b", "%1b"))
    table = run("list", *reach).stdout
    expect(table.startswith("2 workers: 2 ready\n") and "build-1" in table, table)
    found = json.loads(run("list", "--json", "--state", "ready", "--limit", "1", *reach).stdout)
    expect([w["id"] for w in found["workers"]] == ["build-1"] and found["snapshot"]["total"] == 2, found)
    expect("is draining" in run("drain", "build-1", "--reason", "update", *reach).stdout, "drain")
    expect("illegal_transition" in run("drain", "build-1", *reach, status=1).stderr, "a second drain is refused")
    expect(json.loads(run("release", "build-1", "--json", *reach).stdout)["state"] == "ready", "release")
    run("quarantine", "build-1", *reach, status=64)
    expect("is quarantined" in run("quarantine", "build-1", "--reason", "a\x1b[2Jb\u202e", *reach).stdout, "quarantine")
    shown = run("show", "build-1", *reach).stdout
    expect("quarantined" in shown and "\\u{1b}" in shown and "\x1b" not in shown and "sha256:aaaa" in shown, shown)
    events = json.loads(run("events", "--json", *reach).stdout)["events"]
    expect([e["signal"] for e in events[:3]] == ["quarantine", "release", "drain"], events)
    expect("unknown_worker" in run("show", "nobody", *reach, status=1).stderr, "nobody")
    expect(r.call("POST", "/v1/workers/build-1/heartbeat", {"lease": lease}, r.worker)[0] == 403, "it is out")
    worker = r.write("worker", r.worker)
    expect("forbidden" in run("list", *reach[:2], "--token-file", worker, *reach[4:], status=4).stderr, "a worker's token")
    other = r.write("other", "o" * 40)
    expect("unauthorized" in run("list", *reach[:2], "--token-file", other, *reach[4:], status=4).stderr, "another token")
    # Without its authority the server is not believed, and a plain URL would show the token to all.
    run("list", *reach[:4], status=5)
    expect("TLS" in run("list", "--server", "http://fleet.example.com:80", *reach[2:4], status=64).stderr, "plain http")
    for url in ("ftp://127.0.0.1", "https://", "https://a/b", "https://u@a:1", "127.0.0.1:1"):
        run("list", "--server", url, *reach[2:], status=64)
    run("list", "--server", "https://127.0.0.1:1", *reach[2:], status=5)
    os.chmod(other, 0o644)
    expect("chmod 600" in run("list", *reach[:2], "--token-file", other, status=70).stderr, "a token that others may read")


def serve(r):
    base = dict(zip(r.arguments[3::2], r.arguments[4::2]))

    def attempt(status, said, **changes):
        options = base | {"--db": r.path("second.db")} | {"--" + k.replace("_", "-"): v for k, v in changes.items()}
        flags = [part for option in options.items() if option[1] is not None for part in option]
        outcome = run("serve", *flags, status=status)
        expect(said in outcome.stderr, f"{changes}: {outcome.stderr}")

    bare = {"tls_cert": None, "tls_key": None}
    attempt(64, "can be reached from other machines", listen="0.0.0.0:0", **bare)
    attempt(64, "can be reached from other machines", listen="[::]:0", **bare)
    attempt(64, "no address and port", listen="localhost:1")
    attempt(64, "go together", tls_key=None)
    attempt(70, "unknown key 'requires' (did you mean 'require'?)", policy=r.write("wrong.yaml", "version: 1\nrequires: {}\n"))
    attempt(70, "No such file", policy="/nonexistent")
    attempt(70, "line 1: a token has 32 to 512", token_file=r.write("short", "worker short\n"))
    attempt(70, "no public key", trust=r.write("none", "# none\n"))
    attempt(70, "cannot open", db="/nonexistent/fleet.db")
    attempt(70, "as a fleet", db=r.path("fleet.yaml"))
    attempt(70, "no certificate or key", tls_cert=r.path("fleet.yaml"))
    attempt(70, "Address already in use", listen=f"127.0.0.1:{r.port}")
    with open(os.open(r.path("open"), os.O_WRONLY | os.O_CREAT, 0o644), "w", encoding="utf-8") as file:
        file.write(f"worker {r.worker}\n")
    attempt(70, "chmod 600", token_file=r.path("open"))


def restart(r):
    before = r.call("GET", "/v1/workers", token=r.operator)[2]
    expect(r.stop(signal.SIGTERM) == 0, "SIGTERM ends it with 0: " + r.output())
    r.start()
    expect(r.call("GET", "/v1/workers", token=r.operator)[2] == before, "all is there after a restart")
    lease = r.register("late")
    expect(r.stop(signal.SIGKILL) == -9, "killed")
    r.start()
    expect(r.call("GET", "/v1/workers/late", token=r.operator)[0] == 200, "all is there after kill -9")
    expect(r.call("POST", "/v1/workers/late/heartbeat", {"lease": lease}, r.worker)[0] == 200, "and its lease holds")
    expect(oct(os.stat(r.path("fleet.db")).st_mode)[-3:] == "600", "the file is its owner's")


with Registry(egress, tls=True) as registry:
    operate(registry)
    serve(registry)
    restart(registry)
print("\n".join(failures) or "the commands are as they should be")
sys.exit(1 if failures else 0)
