"""Run by its path, with the standard library alone: turns itself into the workers' server.

It joins the control groups, lets another user than root reach Python, makes namespaces, becomes
that user, and last becomes the program that it was asked for. Every step is for good.
"""

import ctypes
import json
import os
import signal
import stat
import struct
import sys
from pathlib import Path

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
WORLD = NEWUSER | NEWNS | NEWPID | NEWIPC | NEWUTS | NEWCGROUP | NEWNET
RDONLY, NOSUID, NODEV, NOEXEC, BIND, REC, PRIVATE = 1, 2, 4, 8, 0x1000, 0x4000, 0x40000
SET_PDEATHSIG, CAP_AMBIENT, RAISE = 1, 47, 2
CAP_SYS_ADMIN, CAPABILITY_VERSION = 21, 0x20080522
NUMBERS = {"x86_64": (155, 126), "aarch64": (41, 91)}  # pivot_root, capset
MOUNT_SETATTR, CWD, RECURSIVE = 442, -100, 0x8000
NOBODY = 65534  # what the user is called inside

libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    """Raise OSError where a call of the C library failed."""
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount as mount(2) does."""
    given = [None if text is None else text.encode() for text in (source, target, kind, options)]
    checked(libc.mount(*given[:3], ctypes.c_ulong(flags), given[3]), f"mount {target}")


def fix(target: str, attributes: int) -> None:
    """Set attributes of a mount and of all that is mounted below it."""
    given = struct.pack("QQQQ", attributes, 0, 0, 0)
    number, size = ctypes.c_long(MOUNT_SETATTR), ctypes.c_size_t(len(given))
    result = libc.syscall(number, CWD, target.encode(), RECURSIVE, given, size)
    checked(result, f"mount_setattr {target}")


def closed(path: str) -> str | None:
    """The first folder on the way to `path` that only its owner may enter."""
    for folder in [*reversed(Path(path).parents), Path(path)]:
        if folder.is_dir() and not folder.stat().st_mode & stat.S_IXOTH:
            return str(folder)
    return None


def reach(paths: list[str]) -> None:
    """Let any user pass to these paths, in a view of the files that is this process's own.

    Over a folder that only root may enter lies an empty one, in which these paths alone appear.
    """
    kept: dict[str, list[str]] = {}
    for path in paths:
        folder = closed(path)
        if folder is not None and folder != path:
            kept.setdefault(folder, []).append(path)
    if kept:
        if libc.unshare(NEWNS) < 0:
            names = " and ".join(kept)
            raise OSError(f"only root may enter {names}, and a worker is never root: move Python")
        mount("none", "/", None, REC | PRIVATE)
    for folder, below in kept.items():
        held = {path: os.open(path, os.O_PATH) for path in below}
        mount("tmpfs", folder, "tmpfs", NOSUID | NODEV, "size=1m,mode=755")
        for path, fd in held.items():
            bind(f"/proc/self/fd/{fd}", path)
            os.close(fd)
        fix(folder, RDONLY | NOSUID)


def bind(source: str, target: str) -> None:
    """Show a file or a folder at another place, made for it."""
    if not os.path.lexists(target):
        if os.path.isdir(source):
            os.makedirs(target, mode=0o755)
        else:
            os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o444))
    mount(source, target, None, BIND | REC)


def become(user: int) -> None:
    """Be this user and no group's member, for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def enter_world(user: int | None) -> None:
    """Enter new namespaces of every kind, as nobody there, and as `user` seen from outside."""
    outside = (os.getegid(), os.geteuid()) if user is None else (user, user)
    ready, done = os.pipe()
    myself, helper = os.getpid(), os.fork()
    if helper == 0:  # the maps are written from outside
        os.close(done)
        os._exit(write_maps(myself, *outside) if os.read(ready, 1) else 1)
    checked(libc.unshare(WORLD), "unshare")
    os.write(done, b"1")
    os.close(done)
    os.close(ready)
    if os.waitpid(helper, 0)[1] != 0:
        raise OSError("the user's map is refused")
    if user is not None:
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def write_maps(process: int, group: int, user: int) -> int:
    """Say who nobody is outside; return 0, or 1 where the kernel refuses."""
    try:
        for name, text in (
            ("setgroups", "deny"),
            ("gid_map", f"{NOBODY} {group} 1"),
            ("uid_map", f"{NOBODY} {user} 1"),
        ):
            Path(f"/proc/{process}/{name}").write_text(text)
    except OSError:
        return 1
    return 0


def furnish(view: dict) -> None:
    """Make a root of nothing but what `view` names, all of it to be read only, and stand in it."""
    root = view["root"]
    mount("none", "/", None, REC | PRIVATE)
    mount("tmpfs", root, "tmpfs", NOSUID | NODEV, "size=1m,mode=755")
    for source, target in view["shown"]:
        bind(source, root + target)
        fix(root + target, RDONLY | NOSUID | NODEV)
    for path in view["hidden"]:
        mount("tmpfs", root + path, "tmpfs", NOSUID | NODEV, "size=4k,mode=755,ro")
    for device in view["devices"]:
        bind(device, root + device)
        fix(root + device, RDONLY | NOSUID | NOEXEC)
    os.makedirs(root + view["cwd"], exist_ok=True)
    os.chdir(root)
    number = ctypes.c_long(NUMBERS[os.uname().machine][0])
    checked(libc.syscall(number, b".", b"."), "pivot_root")
    checked(libc.umount2(b".", 2), "umount")  # the old root, with all that was there
    os.chdir("/")
    mount("none", "/", None, BIND | RDONLY | NOSUID | NODEV | 32)  # 32: change what is mounted
    os.chdir(view["cwd"])


def keep_one_right() -> None:
    """Take the right to make namespaces, and no other, along into the next program."""
    one = 1 << CAP_SYS_ADMIN
    sets = struct.pack("6I", one, one, one, 0, 0, 0)
    number = ctypes.c_long(NUMBERS[os.uname().machine][1])
    checked(libc.syscall(number, struct.pack("Ii", CAPABILITY_VERSION, 0), sets), "capset")
    checked(libc.prctl(CAP_AMBIENT, RAISE, CAP_SYS_ADMIN, 0, 0), "prctl")


def die_with(parent: int) -> None:
    """Be killed when the process that started this one ends; end now where it did so already."""
    checked(libc.prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def wait_for(child: int) -> None:
    """End as the child ends, and hold nothing open meanwhile."""
    os.closerange(0, 1 << 12)
    os._exit(min(255, abs(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))))


def main(plan: dict) -> None:
    """Do what the plan says, and become its command."""
    parent, user = os.getppid(), plan["user"]
    for fd in plan["groups"]:
        os.write(fd, b"0")  # 0 stands for whoever writes
        os.close(fd)
    if user is not None:
        reach(plan["reach"])
        os.setgroups([])
    if plan["view"]:
        enter_world(user)
        furnish(plan["view"])
    elif user is not None:
        become(user)
    die_with(parent)
    if plan["view"]:
        child = os.fork()  # process 1 of its own table
        if child:
            wait_for(child)
        die_with(0)  # a parent outside of the table has no number in it
        keep_one_right()
    os.execve(plan["command"][0], plan["command"], plan["environment"])


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except OSError as error:
        sys.exit(f"{error.strerror or error}")
