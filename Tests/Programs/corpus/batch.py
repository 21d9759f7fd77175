# SPDX-License-Identifier: Apache-2.0
"""Replays attacks inside the test world, one after the other, and tells what each did and what it reached.

usage: batch.py WORLD EGRESS < {"corpus": CORPUS, "jobs": [JOB...]}   as root of the world, in a mount namespace of its own

A job is {"account": "root"|"user", "argv": [...], "input": "...", "files": {NAME: TEXT}}; `@WORLD@` in it is the world's
directory. The files are put into the directory in which it runs. Prints one JSON list, an entry a job, in their order:
{"status", "output", "errors", "arrivals"}; the arrivals are what canaries recorded meanwhile.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

LIMIT = 15  # seconds a job may take

world, egress = sys.argv[1:]
request = json.load(sys.stdin)


def becoming_user():
    """As the world was made by root, or by an ordinary user, who has only one uid to give."""
    with open("/proc/self/uid_map") as file:
        is_root = file.read().split()[2] != "1"
    return (["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"] if is_root
            else ["unshare", "-U", "--map-user", "1000", "--map-group", "1000"])


def prepare():
    """The servers of the corpus answer, and are asked by everything that is started here."""
    here = os.path.dirname(os.path.abspath(__file__))
    subprocess.run([sys.executable, "-I", f"{here}/servers.py", world], input=json.dumps(request["corpus"]), text=True,
                   check=True)
    with open(f"{world}/resolv.conf.corpus", "w") as file:
        file.write("nameserver 127.0.0.3\noptions timeout:2 attempts:1\n")
    subprocess.run(["mount", "--bind", f"{world}/resolv.conf.corpus", "/etc/resolv.conf"], check=True)
    if not os.path.exists(f"{world}/bin/egress"):
        shutil.copy(egress, f"{world}/bin/egress")
        os.chmod(f"{world}/bin/egress", 0o755)


def settle():
    """Waits until the canary has recorded all that reached it so far."""
    with open(f"{world}/canary.ask", "wb", buffering=0) as ask, open(f"{world}/canary.answer", "rb", buffering=0) as answer:
        ask.write(b"?")
        answer.read(1)


def arrivals(start):
    settle()
    with open(f"{world}/arrivals", "rb") as file:
        file.seek(start)
        return [json.loads(line) for line in file.read().splitlines()]


def perform(job, user):
    """Runs one job in a directory of its own."""
    def placed(text):
        return text.replace("@WORLD@", world)

    with tempfile.TemporaryDirectory() as directory:
        for name, text in job.get("files", {}).items():
            with open(f"{directory}/{name}", "w") as file:
                file.write(text)
        os.chmod(directory, 0o777)
        environment = {"PATH": f"{world}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": f"{world}/home-{job['account']}",
                       "LANG": "C.UTF-8"}
        settle()
        before = os.path.getsize(f"{world}/arrivals")
        argv = [placed(word) for word in job["argv"]]
        try:
            done = subprocess.run((user if job["account"] == "user" else []) + argv, cwd=directory, env=environment,
                                  input=job.get("input", "").encode(), capture_output=True, timeout=LIMIT)
            status, output, errors = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired as error:
            status, output, errors = 137, error.stdout or b"", (error.stderr or b"") + b"it took too long\n"
        return {"status": status, "output": output.decode("utf-8", "replace"),
                "errors": errors.decode("utf-8", "replace"), "arrivals": arrivals(before)}


prepare()
user = becoming_user()
print(json.dumps([perform(job, user) for job in request["jobs"]]))
