# SPDX-License-Identifier: Apache-2.0
"""Starts `egress vault set`, feeds it a secret, and prints what others can read of it while it runs.

usage: running.py EGRESS FOLDER SECRET
"""
import os
import subprocess
import sys
import time

egress, folder, secret = sys.argv[1:]
command = subprocess.Popen(
    [egress, "vault", "set", "running"],
    stdin=subprocess.PIPE,
    env={"PATH": "/usr/bin:/bin", "XDG_CONFIG_HOME": folder},
)
command.stdin.write(secret.encode())
command.stdin.flush()
time.sleep(0.5)
assert command.poll() is None, "it must still wait for the end of the value"
for name in ("cmdline", "environ", "comm"):
    try:
        with open(f"/proc/{command.pid}/{name}", "rb") as file:
            text = file.read()
    except PermissionError:
        text = b"may not be read"
    sys.stdout.buffer.write(name.encode() + b": " + text + b"\n")
owner = os.stat(f"/proc/{command.pid}/mem").st_uid
print("limits:", [line for line in open(f"/proc/{command.pid}/limits") if line.startswith("Max core")], "owner", owner)
command.stdin.close()
sys.exit(command.wait())
