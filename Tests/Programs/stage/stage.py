# SPDX-License-Identifier: Apache-2.0
"""Sets a stage in a mount namespace that is thrown away, runs a command on it and ends as that does. Run by root.

usage: stage.py PART... -- command...

A part is a file system at $PLACE ($WORLD/place), each on what the ones before it put there, or something outside that
the command must not reach (outside.py); "listener:PATH" gives a part its argument. $STAGE is a folder in which the
command and what is outside tell each other how far they are.
"""

import ctypes
import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWNET = 0x20000, 0x8000000, 0x40000000
PR_SET_PDEATHSIG, SIGKILL = 1, 9
WORLD = os.environ["WORLD"]
PLACE = os.environ["PLACE"] = f"{WORLD}/place"


def check(result, what):
    if result < 0:
        raise OSError(ctypes.get_errno(), what)
    return result


def sh(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def die_with_parent():
    """What is outside ends with the command, whose process is the one that set the stage."""
    libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)


def image(size, *make):
    """A file system of its own on a loop device, which goes with its mount."""
    with tempfile.NamedTemporaryFile(dir=f"{WORLD}/tmp") as file:
        file.truncate(size)
        sh(*make, file.name)
        sh("mount", "-o", "loop", file.name, PLACE)


def ext4():
    # Small inodes of a small image: what is freed is used again at once.
    image(8 << 20, "mkfs.ext4", "-q", "-F")


def btrfs():
    image(64 << 20, "mkfs.btrfs", "-q", "--mixed")


def tmpfs():
    sh("mount", "-t", "tmpfs", "tmpfs", PLACE)


def overlay():
    tmpfs()
    for name in ("lower", "upper", "work"):
        os.mkdir(f"{PLACE}/{name}")
    os.chmod(f"{PLACE}/upper", 0o1777)
    layers = ",".join(f"{name}dir={PLACE}/{name}" for name in ("lower", "upper", "work"))
    sh("mount", "-t", "overlay", "overlay", "-o", layers, PLACE)


def layered():
    """An overlay at $PLACE/merged, whose layers can be seen."""
    tmpfs()
    for name in ("lower", "upper", "work", "merged"):
        os.mkdir(f"{PLACE}/{name}")
    os.chmod(f"{PLACE}/upper", 0o1777)
    layers = ",".join(f"{name}dir={PLACE}/{name}" for name in ("lower", "upper", "work"))
    sh("mount", "-t", "overlay", "overlay", "-o", layers, f"{PLACE}/merged")


def bindfs():
    """FUSE; what is below is shown with its numbers."""
    before = os.stat(PLACE).st_dev
    subprocess.Popen(["bindfs", "-f", "-o", "allow_other,nonempty", PLACE, PLACE], stdin=subprocess.DEVNULL,
                     preexec_fn=die_with_parent)
    for _ in range(500):
        if os.stat(PLACE).st_dev != before:
            return
        time.sleep(0.01)
    sys.exit("stage.py: bindfs does not mount")


def fuse():
    tmpfs()
    os.chmod(PLACE, 0o1777)
    bindfs()


def subvolumes():
    """Of btrfs, one of which is the command's own."""
    for name, mode in (("other", 0o755), ("own", 0o1777)):
        sh("btrfs", "subvolume", "create", f"{PLACE}/{name}")
        os.chmod(f"{PLACE}/{name}", mode)


def private():
    """A subvolume that belongs to whoever runs the command, who may make snapshots of it."""
    sh("btrfs", "subvolume", "create", f"{PLACE}/private")
    owner = os.stat(os.environ["HOME"])
    os.chown(f"{PLACE}/private", owner.st_uid, owner.st_gid)


def second():
    """The command's home, mounted once more."""
    sh("mount", "--bind", os.environ["HOME"], PLACE)


def readonly():
    """Beside what can be written to."""
    os.makedirs(f"{PLACE}/readonly")
    sh("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", f"{PLACE}/readonly")


def shared():
    """As systemd leaves it: what is mounted here comes to all who copied the namespace."""
    sh("mount", "--make-rshared", "/")


def apart():
    """A network of its own, which the control may harm."""
    check(libc.unshare(CLONE_NEWNET), "unshare")
    sh("ip", "link", "set", "lo", "up")


def odd(kind):
    """A kernel file system at a path that is no UTF-8."""
    os.makedirs(os.fsencode(PLACE) + b"/\xff", exist_ok=True)
    sh("mount", "-t", kind, kind, os.fsencode(PLACE) + b"/\xff")


def at(kind):
    """A kernel file system at an ordinary path."""
    os.makedirs(f"{PLACE}/{kind}", exist_ok=True)
    sh("mount", "-t", kind, kind, f"{PLACE}/{kind}")


def node(name, kind, major, minor):
    """A device node that lies elsewhere than in /dev, as in a root for chroot(2)."""
    os.mknod(f"{PLACE}/{name}", 0o666 | {"c": 0o020000, "b": 0o060000}[kind], os.makedev(int(major), int(minor)))
    os.chmod(f"{PLACE}/{name}", 0o666)


def main(words):
    import outside  # which imports this module
    end = words.index("--")
    check(libc.unshare(CLONE_NEWNS), "unshare")
    sh("mount", "--make-rprivate", "/")
    os.makedirs(PLACE, exist_ok=True)
    os.environ["STAGE"] = tempfile.mkdtemp(prefix="stage.", dir=f"{WORLD}/tmp")
    os.chmod(os.environ["STAGE"], 0o1777)
    for word in words[:end]:
        name, *arguments = word.split(":")
        part = getattr(outside, name.replace("-", "_"), None) or globals()[name]
        part(*arguments)
        if name in ("ext4", "btrfs", "tmpfs", "overlay", "bindfs"):
            os.chmod(PLACE, 0o1777)
    os.execvp(words[end + 1], words[end + 1:])


if __name__ == "__main__":
    sys.modules["stage"] = sys.modules["__main__"]
    main(sys.argv[1:])
