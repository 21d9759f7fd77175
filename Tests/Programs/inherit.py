# SPDX-License-Identifier: Apache-2.0
"""Runs a command with an unconnected TCP socket of this network namespace as descriptor NUMBER.

usage: inherit.py NUMBER command...
"""

import os
import socket
import sys

number = int(sys.argv[1])
made = socket.socket()
os.dup2(made.fileno(), number, inheritable=True)
os.execvp(sys.argv[2], sys.argv[2:])
