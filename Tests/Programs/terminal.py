# SPDX-License-Identifier: Apache-2.0
"""Plays a user at a terminal: bash in a pseudo-terminal, what is typed, and what must appear.

usage: terminal.py SCENARIO
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

CONTROL_C, CONTROL_D, CONTROL_Z = b"\x03", b"\x04", b"\x1a"
E = "egress-run -q --"

# A string is typed as a line, bytes are typed as they are; after each, the pattern must appear.
SCENARIOS = {
    "interrupt": [
        (f"{E} sh -c 'echo u''p; sleep 30'", "up"), (CONTROL_C, "OUT:"), ("echo st''atus=$?", "status=130")],
    "interrupt-handled": [
        (f"{E} sh -c 'trap \"echo hea\"\"rd; exit 5\" INT; echo u''p; while :; do sleep 0.1; done'; echo status=$?",
         "up"), (CONTROL_C, "heard[^$]*status=5")],
    "interrupt-interactive": [
        (f"{E} bash --norc -i", "OUT:"), ("PS1=in''side:", "inside:"), ("sleep 30", "sleep 30"),
        (CONTROL_C, "inside:"), ("echo st''ill", "still"), (CONTROL_D, "OUT:")],
    "suspend": [
        (f"{E} sh -c 'echo u''p; sleep 4; echo do''ne'; echo status=$?", "up"), (CONTROL_Z, "Stopped"),
        ("jobs", "Stopped"), ("fg", "done")],
    "suspend-again": [
        (f"{E} cat", ""), (CONTROL_Z, "Stopped"), ("fg", "cat"), (CONTROL_Z, "Stopped"), ("fg", "cat"),
        ("ec''ho", "ec''ho\r\nec''ho"), (CONTROL_D, "OUT:")],
    "background": [
        (f"{E} sh -c 'sleep 2; echo fin''ished' &", "OUT:"), ("wait; echo status=$?", "finished[^$]*status=0")],
    "size": [
        (f"{E} sh -c 'stty size; trap \"stty size\" WINCH; echo u''p; while :; do sleep 0.1; done'", "24 80[^$]*up"),
        ((33, 111), "33 111"), (CONTROL_C, "OUT:")],
    "foreground": [
        (f"{E} sh -c 'read line; echo got-$line'", ""), ("words", "got-words")],
    "pager": [
        (f"seq 500 | {E} busybox more", "More"), (b"q", "OUT:")],
    "controlling": [
        (f"{E} sh -c 'echo to-the-te''rminal > /dev/tty'", "to-the-terminal")],
    "name": [
        ("tty | tr / .", "dev.pts.[0-9]"), (f"[ $(tty) = $({E} sh -c 'tty < /proc/self/fd/2') ] && echo sa''me", "same"),
        (f"{E} sh -c 'ls /dev/pts | xargs; stty -F $(tty) size'", "[0-9]+ ptmx\r\n24 80")],
    "shell-inside": [
        (f"{E} bash --norc -i", "OUT:"), ("PS1=in''side:", "inside:"), ("sleep 30 &", "inside:"), ("jobs", "Running"),
        ("fg", "sleep 30"), (CONTROL_Z, "Stopped"), ("kill %1; tty", "/dev/pts/[0-9]"), (CONTROL_D, "OUT:")],
    "script-inside": [
        (f"{E} script -qec 'stty size; tty' /dev/null", "24 80\r\n/dev/pts/[0-9]")],
    "hang-up": [
        (f"{E} sh -c 'trap \"echo hung-up > $HOME/hung-up; exit\" HUP; echo u''p; while :; do sleep 0.1; done'", "up"),
        (None, "")],
}


def main(steps):
    child, terminal = pty.fork()
    if child == 0:
        os.environ["PS1"] = "OUT:"
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    expect(terminal, "OUT:", "the shell")
    for typed, pattern in steps:
        if typed is None:
            os.close(terminal)
            time.sleep(0.5)
            return
        if isinstance(typed, tuple):
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *typed, 0, 0))
        else:
            os.write(terminal, typed if isinstance(typed, bytes) else typed.encode() + b"\n")
        # What is typed is echoed first; a pattern is spelt differently from the line that asks for it.
        expect(terminal, pattern, typed)
        time.sleep(0.1)


def expect(terminal, pattern, typed):
    seen, end = b"", time.monotonic() + 15
    while not re.search(pattern.encode(), seen, re.DOTALL) or not seen:
        left = end - time.monotonic()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            sys.exit(f"after {typed!r}: expected {pattern!r}, saw {seen!r}")
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            sys.exit(f"after {typed!r}: the terminal closed; saw {seen!r}")


main(SCENARIOS[sys.argv[1]])
