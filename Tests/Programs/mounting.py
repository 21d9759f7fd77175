# SPDX-License-Identifier: Apache-2.0
"""Mounts something on DIRECTORY and takes it away, again and again, for ten seconds; says so in DIRECTORY.up.

usage: mounting.py DIRECTORY
"""

import ctypes
import sys
import time

libc, directory, end = ctypes.CDLL(None), sys.argv[1].encode(), time.monotonic() + 10
open(sys.argv[1] + ".up", "w").close()
while time.monotonic() < end:
    if libc.mount(b"none", directory, b"tmpfs", 0, None) != 0 or libc.umount2(directory, 0) != 0:
        sys.exit("mounting.py: it can't be mounted")
