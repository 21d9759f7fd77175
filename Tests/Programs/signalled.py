# SPDX-License-Identifier: Apache-2.0
"""Sends a signal to a command once it has said `up`, and tells how it ended. usage: signalled.py SIGNAL command..."""

import signal
import subprocess
import sys
import time

process = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, text=True)
assert process.stdout.readline() == "up\n", "the command did not start"
sent = time.monotonic()
process.send_signal(signal.Signals[sys.argv[1]])
rest = process.stdout.read()
status = process.wait()
print(f"{rest}status {128 - status if status < 0 else status}")
print("in time" if time.monotonic() - sent < 2 else "late")
