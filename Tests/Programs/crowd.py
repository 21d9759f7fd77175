# SPDX-License-Identifier: Apache-2.0
"""Starts many processes with many threads each, and ends with status 5 while they all wait.

usage: crowd.py PROCESSES THREADS
"""

import os
import sys
import threading
import time

processes, threads = map(int, sys.argv[1:])
threading.stack_size(64 << 10)
ready, told = os.pipe()
for _ in range(processes):
    if os.fork() == 0:
        for _ in range(threads):
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        os.write(told, b"1")
        time.sleep(600)
count = 0
while count < processes:
    count += len(os.read(ready, 4096))
print("crowded", flush=True)
os._exit(5)
