# SPDX-License-Identifier: Apache-2.0
"""Makes a small internet that has no way out, and keeps it until its standard input ends.

usage: world.py PROGRAMS BUILT BINARY   (scripts, compiled programs, and the egress-run under test)

A network namespace whose only link is `lo` answers for every address (AnyIP), so a program that gets past
`egress-run` reaches a canary and never a real host. The pid namespace takes everything down with it. Prints one
line: `ready PID DIRECTORY`; PID is the namespaces' first process, to be entered with nsenter.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import servers  # noqa: E402

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
PR_SET_PDEATHSIG, MS_REC, MS_PRIVATE, MS_BIND = 1, 0x4000, 0x40000, 0x1000
libc = ctypes.CDLL(None, use_errno=True)

# Everything is local; a few destinations fail in the ways a router would make them fail.
NETWORK = """
link set lo up
address add 93.184.216.34/32 dev lo
address add 2606:2800:220:1::1/128 dev lo nodad
address add 2606:2800:220:1::b1ac/128 dev lo nodad
route add local default dev lo table main src 93.184.216.34
route add local ::/0 dev lo table main src 2606:2800:220:1::1
route add unreachable 93.184.216.99/32
route add prohibit 93.184.216.98/32
route add unreachable 2606:2800:220:1::dead/128
"""

SYSTEM_FILES = {
    "resolv.conf": "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n",
    "resolv.conf.hostile": "nameserver 127.0.0.2\noptions timeout:2 attempts:1\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n"
    "93.184.216.34 hostsfile.example\n10.0.0.5 hostsprivate.example\n",
}


def check(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source, target, kind, flags):
    check(libc.mount(source.encode(), target.encode(), kind, flags, None), f"mount {target}")


def leave_the_host():
    """New network, mount and pid namespaces; as an ordinary user in a user namespace where we are root."""
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET
    check(libc.unshare(flags if uid == 0 else flags | CLONE_NEWUSER), "unshare")
    if uid != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)


def prepare(directory, programs, built, binary):
    """Copies what an ordinary user must be able to read and run, wherever the checkout lies."""
    os.chmod(directory, 0o755)
    shutil.copytree(programs, f"{directory}/programs")
    shutil.copytree(built, f"{directory}/bin")
    if os.path.exists(binary):
        shutil.copy(binary, f"{directory}/bin/egress-run")
        # Where the program looks for them: beside itself.
        for library in ("libegress.so", "libegress-preload.so"):
            if os.path.exists(f"{os.path.dirname(binary)}/{library}"):
                shutil.copy(f"{os.path.dirname(binary)}/{library}", f"{directory}/bin/{library}")
    subprocess.run(["chmod", "-R", "a+rX", f"{directory}/programs", f"{directory}/bin"], check=True)
    for name, text in SYSTEM_FILES.items():
        with open(f"{directory}/{name}", "w") as file:
            file.write(text)
    for name, owner in (("home-root", 0), ("home-user", 1000)):
        os.mkdir(f"{directory}/{name}", 0o755)
        if os.getuid() == 0:
            os.chown(f"{directory}/{name}", owner, owner)
    os.mkdir(f"{directory}/place")  # where a stage puts file systems (stage/stage.py)
    os.mkdir(f"{directory}/tmp")
    os.chmod(f"{directory}/tmp", 0o1777)


def first_process(directory, ready):
    """Pid 1 of the world: sets the stage, starts the servers and reaps whatever ends up with it."""
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("proc", "/proc", b"proc", 0)
    for name in ("resolv.conf", "nsswitch.conf", "hosts"):
        mount(f"{directory}/{name}", f"/etc/{name}", None, MS_BIND)
    subprocess.run(["ip", "-batch", "-"], input=NETWORK, text=True, check=True)
    try:
        with open("/proc/sys/net/ipv4/ping_group_range", "w") as file:
            file.write("0 1000")
    except OSError:
        pass  # A world made by an ordinary user has only one gid.
    started = servers.start(directory)
    os.write(ready, b"ready\n")
    os.close(ready)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid in started:
            sys.exit(f"world: {started[pid]} ended with {os.waitstatus_to_exitcode(status)}")


def main(programs, built, binary):
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    # A signal to the process group of the tests, as from a terminal, would end the world before it has tidied up.
    if os.getpgrp() != os.getpid():
        os.setsid()
    directory = tempfile.mkdtemp(prefix="egress-world.")
    child = 0
    try:
        prepare(directory, programs, built, binary)
        # Last, since the next process made is the pid namespace's first.
        leave_the_host()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            os.close(0)
            os.open("/dev/null", os.O_RDONLY)
            try:
                first_process(directory, writer)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        os.close(writer)
        if os.read(reader, 6) != b"ready\n":
            sys.exit("world: the servers did not start")
        print("ready", child, directory, flush=True)
        # A world whose servers died must not look like a network that denies everything: it ends as well.
        select.select([sys.stdin, os.pidfd_open(child)], [], [])
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)  # With it all end that could write there.
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
