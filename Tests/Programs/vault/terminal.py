# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a terminal of its own, answers its prompts, and prints all that the terminal showed.

usage: terminal.py ANSWERS COMMAND...   answers are separated by commas; ^C is one that interrupts
After the command, the line "echo: True" says that the terminal shows again what is typed.
"""
import os
import pty
import select
import sys
import termios
import time

answers, command = sys.argv[1].split(","), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown, end = b"", time.monotonic() + 20
while time.monotonic() < end:
    ready, _, _ = select.select([terminal], [], [], 0.1)
    if ready:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece
        hidden = not termios.tcgetattr(terminal)[3] & termios.ECHO
        if piece.endswith(b": ") and hidden and answers:
            answer = answers.pop(0)
            os.write(terminal, b"\x03" if answer == "^C" else answer.encode() + b"\n")
try:
    echo = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
except termios.error:
    echo = None
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
print("echo:", echo)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
