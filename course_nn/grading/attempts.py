"""Harmless attempts to break out of a sandbox, to be run in it as a student's code would be.

Where nothing holds it back each of them succeeds and changes nothing that lasts: signal 0 only asks
whether one may, a mode is set to what it is, a call is made with arguments that cannot work.
"""

import contextlib
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ATTEMPTS = {  # what each tries, and how: to come to the end without an error is to succeed
    "hold a file that is not its own": "see_descriptors()",
    "read a file of the grader's": "open(W['secret']).read()",
    "list a folder of the grader's": "assert os.listdir(os.path.dirname(W['secret']))",
    "see packages that are not allowed": "see_packages()",
    "write a file": "write_anywhere()",
    "write over a file of the grader's": "open(W['secret'], 'a').close()",
    "truncate a file of the grader's": "os.truncate(W['secret'], 1 << 10)",
    "delete a file": "os.unlink(W['spare'])",
    "link to a file": "os.symlink('x', W['secret'] + '.link')",
    "change the mode of NumPy's folder": "os.chmod(W['numpy'], W['mode'])",
    "change the times of NumPy's folder": "os.utime(W['numpy'], times=W['times'])",
    "mark a file": "reached(libc.setxattr, W['secret'].encode(), b'user.x', b'1', 1, 0)",
    "open a device": "open('/dev/null', 'w').close()",
    "signal its parent": "signal_all(os.getppid())",
    "signal the grader": "os.kill(W['pid'], 0)",
    "signal everybody": "os.kill(-1, 0)",
    "signal itself": "os.kill(os.getpid(), 0)",
    "fork": "fork()",
    "become another program": "reached(libc.execve, b'/not/there', None, None)",
    "name the grader an owner of signals": "both(fcntl.F_SETOWN, W['pid'])",
    "choose the signal of a pipe": "fcntl.fcntl(pipe(), fcntl.F_SETSIG, 0)",
    "ask a pipe for signals": "both(fcntl.F_SETFL, os.O_ASYNC)",
    "ask a pipe for signals by ioctl": "fcntl.ioctl(pipe(), 0x5452, b'\\0\\0\\0\\0')",
    "take a lease of a file": "fcntl.fcntl(some_file(), fcntl.F_SETLEASE, 0)",
    "lock a file": "fcntl.flock(some_file(), fcntl.LOCK_SH)",
    "grow a pipe": "fcntl.fcntl(pipe(), 1031, 1 << 17)",
    "make a pipe": "os.pipe()",
    "connect to the grader": "socket.create_connection(('127.0.0.1', W['port']), 2)",
    "connect to the grader's hidden socket": "unix('\\0' + W['name'])",
    "connect to the grader's file of a socket": "unix(W['socket'])",
    "make a pair of sockets": "socket.socketpair()",
    "see another process": "see_processes()",
    "see the grader's environment": "see_environment()",
    "share memory by a file without a name": "os.memfd_create('x')",
    "share memory by System V": "reached(libc.shmget, 0, 0, 0o1600)",
    "share memory in /dev/shm": "write_in('/dev/shm')",
    "use a queue of messages": "reached(libc.msgctl, -1, 0, None)",
    "make a semaphore": "reached(libc.semget, 0, 0, 0o1600)",
    "take more memory than it may": "mmap.mmap(-1, W['memory'])",
    "lock memory": "reached(libc.mlock, ctypes.create_string_buffer(1 << 12), 1 << 12)",
    "hold files without end": "hold_files(200)",
    "start threads without end": "start_threads(100)",
    "raise its limits": "resource.setrlimit(resource.RLIMIT_NOFILE, (500, 500))",
    "limit another process": "resource.prlimit(W['pid'], resource.RLIMIT_CORE)",
    "trace a process": "reached(libc.ptrace, 2, W['pid'], 0, 0)",
    "read another's memory": "reached(libc.process_vm_readv, W['pid'], None, 0, None, 0, 0)",
    "hold another process": "os.pidfd_open(W['pid'])",
    "be a process that leaves memory behind": "reached(libc.prctl, 4, 1, 0, 0, 0)",
    "outlive its parent": "reached(libc.prctl, 1, 0, 0, 0, 0)",
    "choose its processors": "os.sched_setaffinity(0, os.sched_getaffinity(0))",
    "change its priority": "os.setpriority(os.PRIO_PROCESS, 0, 19)",
    "change another's priority": "os.setpriority(os.PRIO_PROCESS, W['pid'], W['nice'])",
    "leave its group of processes": "os.setpgid(0, 0)",
    "go to another folder": "os.chdir('/')",
    "make a namespace": "reached(libc.unshare, 0)",
    "watch a folder": "reached(libc.inotify_init1, 0)",
    "load a program into the kernel": "kernel(321, 280, 0, None, 0)",
    "count events of the kernel": "kernel(298, 241, None, 0, 0, -1, 0)",
    "handle faults of memory": "kernel(323, 282, 0x7fff0001)",
    "talk to the kernel through a ring": "kernel(425, 425, 0, None)",
    "use the kernel's keys": "kernel(250, 219, 0, -3, 0)",
    "set a timer that signals": "kernel(222, 107, 1, None, None)",
    "lend priority to a lock": "kernel(202, 98, None, 7, 0, None, None, 0)",
}
AS_ROOT = {  # what only root can do where nothing holds it back
    "be root": "assert os.geteuid() == 0",
    "become root": "os.setuid(0)",
    "mount": "reached(libc.mount, None, None, None, 0x1000, None)",
    "change the root": "os.chroot('/')",
    "restart the machine": "reached(libc.reboot, 0x1234)",
    "set the clock": "kernel(164, 170, 8, 0)",
    "name the machine": "reached(libc.sethostname, None, ctypes.c_size_t(1 << 30))",
    "give a file away": "os.chown(W['spare2'], 0, 0)",
    "count in the system's log": "reached(libc.klogctl, 10, None, 0)",
}
ALL = {**ATTEMPTS, **AS_ROOT}
HELPERS = """
import contextlib, ctypes, errno, fcntl, mmap, os, resource, socket, stat, sys, threading
import numpy
libc = ctypes.CDLL(None, use_errno=True)

def reached(call, *arguments):
    "Whether a call came to the kernel's own code: it is not refused, it only fails there."
    ctypes.set_errno(0)
    if call(*arguments) < 0 and ctypes.get_errno() in (errno.EPERM, errno.EACCES, errno.ENOSYS):
        raise PermissionError

def kernel(x86_64, aarch64, *arguments):
    number = x86_64 if os.uname().machine == "x86_64" else aarch64
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    reached(libc.syscall, ctypes.c_long(number), *wide)

def write_in(folder):
    path = os.path.join(folder, W["name"])
    open(path, "w").close()
    os.unlink(path)

def write_anywhere():
    for folder in (".", "/", "/tmp", "/var/tmp", "/dev/shm", "/packages", "/room", *sys.path):
        try:
            return write_in(folder)
        except OSError:
            pass
    raise PermissionError

def see_packages():
    own = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for root in {"/usr/lib", "/usr/lib64", os.path.dirname(os.path.dirname(os.__file__))}:
        for folder in ("python3", own):
            for kind in ("dist-packages", "site-packages"):
                if readable(os.path.join(root, folder, kind)):
                    return
    raise PermissionError

def readable(folder):
    "Whether a package that lies there could be imported."
    try:
        for name in os.listdir(folder):
            with contextlib.suppress(OSError):
                open(os.path.join(folder, name, "__init__.py")).close()
                return True
    except OSError:
        pass
    return False

def signal_all(parent):
    if parent == 0:
        raise PermissionError  # it has none in its own table
    os.kill(parent, 0)

def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)

def pipe():
    for fd in range(3, 1024):
        try:
            if stat.S_ISFIFO(os.fstat(fd).st_mode):
                return fd
        except OSError:
            pass
    return 0

def both(command, value):
    "Set something of a pipe, and take it back."
    fcntl.fcntl(pipe(), command, value)
    fcntl.fcntl(pipe(), command, 0)

def some_file():
    for path in (W["secret"], numpy.__file__):
        try:
            return os.open(path, os.O_RDONLY)
        except OSError:
            pass
    raise PermissionError

def hold_files(count):
    held = []
    try:
        for _ in range(count):
            held.append(os.open(numpy.__file__, os.O_RDONLY))
    finally:
        for fd in held:
            os.close(fd)

def start_threads(count):
    end, threads = threading.Event(), []
    try:
        for _ in range(count):
            threads.append(threading.Thread(target=end.wait))
            threads[-1].start()
    finally:
        end.set()
        for one in threads:
            if one.ident:
                one.join()

def unix(name):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(name)

def see_processes():
    os.stat(f"/proc/{W['pid']}/cmdline")
    open(f"/proc/{W['pid']}/cmdline").read()

def see_environment():
    mine = [value for value in os.environ.values() if W["mark"] in value]
    paths = [f"/proc/{pid}/environ" for pid in ("self", os.getppid(), W["pid"])]
    for path in [] if mine else paths:
        try:
            mine += [path] if W["mark"] in open(path).read() else []
        except OSError:
            pass
    if not mine:
        raise PermissionError

def see_descriptors():
    for fd in range(3, 1024):
        try:
            kind = os.fstat(fd).st_mode
        except OSError:
            continue
        if not stat.S_ISFIFO(kind):
            return
    raise PermissionError

def tried(attempt):
    "1 where an attempt succeeds, 0 where it is refused."
    try:
        exec(attempt)
    except (OSError, ValueError, MemoryError, AssertionError, RuntimeError):
        return 0
    return 1

def attempts():
    return numpy.array([tried(attempt) for attempt in A], numpy.uint8)
"""


def cell(aims: dict[str, Any]) -> str:
    """The code of all attempts, as a student's cell; its function `attempts` makes them."""
    return f"{HELPERS}\nW = {aims!r}\nA = {list(ALL.values())!r}\n"


@contextlib.contextmanager
def target(memory: int) -> Iterator[dict[str, Any]]:
    """What the attempts aim at: files and sockets made for them, and this very process."""
    name, numpy_folder = "course-nn-" + secrets.token_hex(8), Path(np.__file__).parent
    state = numpy_folder.stat()
    with tempfile.TemporaryDirectory(prefix="course-nn-proof-") as folder, _sockets() as sockets:
        for file in ("secret", "spare", "spare2"):
            (Path(folder) / file).write_text("grades", encoding="utf-8")
            (Path(folder) / file).chmod(0o666)
        places: list[Any] = [("127.0.0.1", 0), "\0" + name, f"{folder}/socket"]
        for one, place in zip(sockets, places, strict=True):
            one.bind(place)
            one.listen()
        for path in (f"{folder}/socket", folder):
            os.chmod(path, 0o777)  # nothing but the sandbox shall hold it back
        yield {
            **{file: f"{folder}/{file}" for file in ("secret", "spare", "spare2", "socket")},
            "numpy": str(numpy_folder), "mode": state.st_mode & 0o7777, "memory": memory,
            "times": (state.st_atime, state.st_mtime), "pid": os.getpid(), "name": name,
            "port": sockets[0].getsockname()[1], "mark": os.environ.get("PATH") or "/nowhere else",
            "nice": os.getpriority(os.PRIO_PROCESS, 0),
        }  # fmt: skip


@contextlib.contextmanager
def _sockets() -> Iterator[list[socket.socket]]:
    """One by TCP, two of this machine's own kind."""
    with contextlib.ExitStack() as stack:
        families = (socket.AF_INET, socket.AF_UNIX, socket.AF_UNIX)
        yield [stack.enter_context(socket.socket(family)) for family in families]
