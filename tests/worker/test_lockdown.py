"""The locks: what the kernel refuses once they hold, and the filter, run here instruction by
instruction for every machine that it knows.
"""

import json
import struct
import subprocess
import sys

import pytest

from course_nn.worker import lockdown

TRY = """
import json, os, runpy, socket, sys, threading
seal = runpy.run_path(sys.argv[1])["seal"]
readable, listable = sys.argv[2], sys.argv[3]
import encodings.utf_8, _socket
def attempt(what):
    try:
        what()
    except PermissionError:
        return "refused"
    except Exception as error:
        return type(error).__name__
    return "done"
def thread():
    one = threading.Thread(target=int)
    one.start()
    one.join()
def fork():
    if os.fork() == 0:
        os._exit(0)
tries = {
    "read what is readable": lambda: open(readable + "/f").read(),
    "write there": lambda: open(readable + "/f", "w"),
    "create there": lambda: open(readable + "/g", "w"),
    "delete there": lambda: os.unlink(readable + "/f"),
    "list what is listable": lambda: os.listdir(listable),
    "read there": lambda: open(listable + "/f").read(),
    "read elsewhere": lambda: open("/etc/passwd").read(),
    "list elsewhere": lambda: os.listdir("/etc"),
    "start a thread": thread,
    "fork": fork,
    "execute": lambda: os.execv("/bin/true", ["true"]),
    "signal itself": lambda: os.kill(os.getpid(), 0),
    "open a socket": lambda: socket.socket(),
}
import ctypes
offered = {
    "landlock": ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) > 0,
    "seccomp": "Seccomp:" in open("/proc/self/status").read(),
}
locks = seal([readable, readable + "/not there"], [listable])
assert locks == [name for name in offered if offered[name]], (locks, offered)
print(json.dumps([locks, {name: attempt(what) for name, what in tries.items()}]))
"""
EXPECTED = {  # once a lock holds: which one it is, and what comes of each
    "read what is readable": (None, "done"),
    "write there": ("landlock", "refused"),
    "create there": ("landlock", "refused"),
    "delete there": ("landlock", "refused"),
    "list what is listable": (None, "done"),
    "read there": ("landlock", "refused"),
    "read elsewhere": ("landlock", "refused"),
    "list elsewhere": ("landlock", "refused"),
    "start a thread": (None, "done"),
    "fork": ("seccomp", "refused"),
    "execute": ("seccomp", "refused"),
    "signal itself": ("seccomp", "refused"),
    "open a socket": ("seccomp", "refused"),
}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory) -> tuple[list[str], dict[str, str]]:
    """The locks that a process of its own holds, and what came of each try."""
    folders = [tmp_path_factory.mktemp(name) for name in ("readable", "listable")]
    for folder in folders:
        (folder / "f").write_text("text")
    command = [sys.executable, "-I", "-S", "-c", TRY, lockdown.__file__, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout))


@pytest.mark.parametrize("name", EXPECTED)
def test_the_kernel_refuses_what_a_lock_forbids_and_nothing_else(sealed, name):
    locks, found = sealed
    lock, expected = EXPECTED[name]
    if lock is None or lock in locks:
        assert found[name] == expected


def test_only_linux_has_these_locks(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert lockdown.seal([], []) == []


def verdict(program: bytes, arch: int, number: int, argument: int = 0) -> int:
    """Run a filter of system calls, as the kernel does, and return what it decides."""
    data = struct.pack("IIQQ", number, arch, 0, argument)
    lines = list(struct.iter_unpack("HBBI", program))
    at, held = 0, 0
    while True:
        code, yes, no, k = lines[at]
        if code == lockdown.RETURN:
            return k
        if code == lockdown.LOAD:
            held = struct.unpack_from("I", data, k)[0]
            at += 1
            continue
        holds = {lockdown.JUMP_EQUAL: held == k, lockdown.JUMP_SET: bool(held & k), 0x35: held >= k}
        at += 1 + (yes if holds[code] else no)


@pytest.fixture(params=lockdown.SYSCALLS)
def machine(request) -> tuple[int, list[int], int, bytes]:
    arch, refused, clone = lockdown.SYSCALLS[request.param]
    return arch, refused, clone, lockdown.filter_program(arch, refused, clone)


def test_the_filter_refuses_its_list_and_lets_the_rest_pass(machine):
    arch, refused, clone, program = machine
    for number in range(600):
        if number == clone:
            continue
        expected = lockdown.REFUSE if number in refused else lockdown.ALLOW
        if number == lockdown.CLONE3:
            expected = lockdown.NOSYS  # so that libc falls back to clone, whose flags can be read
        assert verdict(program, arch, number) == expected, number


def test_the_filter_lets_a_thread_start_and_no_process(machine):
    arch, _, clone, program = machine
    assert verdict(program, arch, clone, 17) == lockdown.REFUSE  # SIGCHLD: a fork
    assert verdict(program, arch, clone, lockdown.CLONE_THREAD | 0xF00) == lockdown.ALLOW


def test_the_filter_refuses_another_machines_numbers(machine):
    arch, _, _, program = machine
    assert verdict(program, arch ^ 1, 0) == lockdown.REFUSE
    assert verdict(program, arch, 0x40000000) == lockdown.REFUSE  # x32's numbers


NUMBERS = {  # the kernel's own names for the numbers, on x86_64 and on aarch64
    "socket": (41, 198), "socketpair": (53, 199), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "connect": (42, 203), "fork": (57, None),
    "vfork": (58, None), "clone3": (435, 435), "execve": (59, 221), "execveat": (322, 281),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "setrlimit": (160, 164), "prlimit64": (302, 261), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268),
    "open_tree": (428, 428), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "perf_event_open": (298, 241), "bpf": (321, 280),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
}  # fmt: skip


@pytest.mark.parametrize(("column", "name"), list(enumerate(("x86_64", "aarch64"))))
def test_every_number_on_the_list_has_a_name_and_none_is_missing(column, name):
    numbers = {pair[column] for pair in NUMBERS.values()} - {None}
    assert set(lockdown.SYSCALLS[name][1]) == numbers


def test_a_machine_without_a_table_says_so(monkeypatch):
    code = (
        "import platform, runpy, sys; platform.machine = lambda: 'sparc';"
        "print(*runpy.run_path(sys.argv[1])['seal'](['/'], []))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, lockdown.__file__], capture_output=True, text=True
    )
    assert "seccomp" not in done.stdout
    assert done.returncode == 0, done.stderr
