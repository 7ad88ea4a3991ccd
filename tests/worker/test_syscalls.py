"""The filter, run instruction by instruction as the kernel would, for every machine it knows."""

import re
import struct
from pathlib import Path

import pytest

from course_nn.worker import syscalls
from course_nn.worker.syscalls import ALLOW, ENOTTY, ERRNO, NOSYS, REFUSE

HEADERS = {  # the kernel's own lists, where a machine has them
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
LISTED = {**syscalls.PLAIN, **{name: rule.numbers for name, rule in syscalls.CHECKED.items()}}


def verdict(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """Run a filter of system calls, as the kernel does, and return what it decides."""
    data = struct.pack("=IIQ6Q", number, arch, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    lines = list(struct.iter_unpack("=HBBI", program))
    at, held = 0, 0
    while True:
        code, yes, no, k = lines[at]
        at += 1
        if code == syscalls.RETURN:
            return k
        if code == syscalls.LOAD:
            held = struct.unpack_from("I", data, k)[0]
        elif code == syscalls.AND:
            held &= k
        else:
            at += yes if _holds(code, held, k) else no


def _holds(code: int, held: int, k: int) -> bool:
    return {
        syscalls.EQUAL: held == k,
        syscalls.BITS: bool(held & k),
        syscalls.AT_LEAST: held >= k,
    }[code]


class Machine:
    """A machine under the filter: `machine("openat", …)` is what the kernel decides."""

    def __init__(self, name: str, threads: bool = True) -> None:
        self.column, self.arch = syscalls.ARCHITECTURES[name]
        self.program = syscalls.filter_program(name, threads)

    def number(self, call: str) -> int | None:
        return LISTED[call][self.column]

    def __call__(self, call: str | int, *arguments: int) -> int:
        number = call if isinstance(call, int) else self.number(call)
        assert number is not None
        return verdict(self.program, self.arch, number, *arguments)


@pytest.fixture(params=syscalls.ARCHITECTURES)
def machine(request) -> Machine:
    return Machine(request.param)


def test_what_is_not_listed_is_refused_whatever_its_number(machine):
    known = {machine.number(name) for name in LISTED} | set(_new(machine))
    for number in range(700):
        if number not in known:
            expected = NOSYS if number >= syscalls.UNKNOWN else REFUSE
            assert machine(number) == expected, number


def _new(machine: Machine) -> list[int]:
    return [pair[machine.column] for pair in syscalls.NEW.values()]


def test_what_is_listed_passes_and_new_calls_are_unknown(machine):
    for name in syscalls.PLAIN:
        if machine.number(name) is not None:
            assert machine(name) == ALLOW
    assert [machine(number) for number in _new(machine)] == [NOSYS] * 3


FORBIDDEN = """
socket socketpair connect bind listen accept accept4 sendto sendmsg kill tkill tgkill fork vfork
execve execveat ptrace process_vm_readv process_vm_writev setrlimit mount umount2 pivot_root
chroot unshare setns open_tree add_key request_key keyctl perf_event_open bpf userfaultfd
io_uring_setup io_uring_enter io_uring_register pidfd_open pidfd_send_signal pidfd_getfd chmod
fchmod fchmodat chown fchown fchownat lchown utime utimes utimensat setxattr shmget shmat
memfd_create mq_open semget msgget reboot settimeofday sethostname setdomainname clock_settime
adjtimex sched_setaffinity sched_setscheduler setpriority setuid setgid setresuid setgroups
personality creat truncate ftruncate unlink unlinkat rename renameat2 link symlink mkdir mkdirat
mknod mknodat pipe pipe2 eventfd2 timerfd_create signalfd4 splice tee vmsplice sendfile
inotify_init1 fanotify_init name_to_handle_at open_by_handle_at swapon init_module finit_module
kexec_load quotactl acct syslog capset seccomp landlock_restrict_self timer_create prctl_set
ioprio_set migrate_pages move_pages mbind mlock mlockall chdir fchdir setsid setpgid wait4 waitid
rt_sigqueueinfo rt_tgsigqueueinfo kcmp lookup_dcookie vhangup
"""


@pytest.mark.parametrize("name", HEADERS)
def test_every_number_is_the_kernels_and_no_forbidden_call_has_one(name):
    if not HEADERS[name].exists():
        pytest.skip("this machine has no list of that kernel's calls")
    text = HEADERS[name].read_text(encoding="utf-8")
    kernels = {m[1]: int(m[2]) for m in re.finditer(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    kernels.setdefault("newfstatat", kernels.get("fstatat", -1))
    machine = Machine(name)
    for call in LISTED:
        if machine.number(call) is not None:
            assert machine.number(call) == kernels[call], call
    for call in FORBIDDEN.split():
        if call in kernels:
            assert machine(kernels[call]) in (REFUSE, NOSYS), call


FLAGS = {"read": 0, "write": 1, "both": 2, "create": 0o100, "cut": 0o1000, "nameless": 0o20200000}
OPENS = {"read": ALLOW, "write": REFUSE, "both": REFUSE, "create": REFUSE, "cut": REFUSE}


@pytest.mark.parametrize("how", FLAGS)
@pytest.mark.parametrize("close_on_exec", [0, 0o2000000])
def test_files_are_opened_to_be_read(machine, how, close_on_exec):
    expected = OPENS.get(how, REFUSE)
    assert machine("openat", 0, 0, FLAGS[how] | close_on_exec) == expected
    if machine.number("open") is not None:
        assert machine("open", 0, FLAGS[how] | close_on_exec) == expected


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("fcntl", (0, 1), ALLOW),
        ("fcntl", (0, 1030), ALLOW),
        ("fcntl", (0, 8, 1), REFUSE),  # F_SETOWN
        ("fcntl", (0, 10, 9), REFUSE),  # F_SETSIG
        ("fcntl", (0, 15), REFUSE),  # F_SETOWN_EX
        ("fcntl", (0, 1024), REFUSE),  # F_SETLEASE
        ("fcntl", (0, 1026), REFUSE),  # F_NOTIFY
        ("fcntl", (0, 1031, 1 << 20), REFUSE),  # F_SETPIPE_SZ
        ("fcntl", (0, 6), REFUSE),  # F_SETLK
        ("fcntl", (0, 1033), REFUSE),  # F_ADD_SEALS
        ("fcntl", (0, 4, 0o4000), ALLOW),  # F_SETFL, O_NONBLOCK
        ("fcntl", (0, 4, 0o20000), REFUSE),  # F_SETFL, O_ASYNC
        ("fcntl", (0, 4, 0o24000), REFUSE),
        ("ioctl", (0, 0x5451), ALLOW),
        ("ioctl", (0, 0x5452), ERRNO | ENOTTY),  # FIOASYNC
        ("ioctl", (0, 0x5412), ERRNO | ENOTTY),  # TIOCSTI
        ("ioctl", (0, 0x5401), ERRNO | ENOTTY),
        ("mmap", (0, 0, 7, 0x22), ALLOW),
        ("mmap", (0, 0, 3, 0x40022), REFUSE),
        ("mmap", (0, 0, 3, 0x2022), REFUSE),
        ("futex", (0, 0x81), ALLOW),
        ("futex", (0, 0x189), ALLOW),
        ("futex", (0, 6), REFUSE),  # lock, lending priority
        ("futex", (0, 0x8C), REFUSE),
        ("prlimit64", (0, 7, 0, 1), ALLOW),
        ("prlimit64", (0, 7, 1, 0), REFUSE),
        ("prlimit64", (0, 7, 1 << 32, 0), REFUSE),  # a pointer whose low half is zero
        ("prlimit64", (1, 7, 0, 1), REFUSE),
        ("prctl", (15,), ALLOW),
        ("prctl", (4, 1), REFUSE),  # PR_SET_DUMPABLE
        ("prctl", (1, 0), REFUSE),  # PR_SET_PDEATHSIG
        ("prctl", (36, 1), REFUSE),  # PR_SET_CHILD_SUBREAPER
        ("clone", (0x3D0F00,), ALLOW),
        ("clone", (17,), REFUSE),  # SIGCHLD: a fork
        ("clone", (0x103D0F00,), REFUSE),  # a thread in a user namespace of its own
        ("clone", (0x10000,), REFUSE),
    ],
)
def test_a_call_that_can_do_both_is_judged_by_its_arguments(machine, call, arguments, expected):
    assert machine(call, *arguments) == expected


@pytest.mark.parametrize("name", syscalls.ARCHITECTURES)
def test_without_threads_none_starts_and_all_else_stays(name):
    alone, machine = Machine(name, threads=False), Machine(name)
    assert alone("clone", 0x3D0F00) == REFUSE
    assert all(
        alone(number, 1, 1) == machine(number, 1, 1)
        for number in range(500)
        if number != machine.number("clone")
    )


def test_another_machines_numbers_are_refused(machine):
    assert verdict(machine.program, machine.arch ^ 1, machine.number("read")) == REFUSE
    assert machine(syscalls.X32) == REFUSE
    assert machine(syscalls.X32 | 1) == REFUSE


def test_the_filter_fits_the_kernel(machine):
    lines = list(struct.iter_unpack("=HBBI", machine.program))
    assert len(lines) <= 4096
    for at, (code, yes, no, _) in enumerate(lines):
        assert code == syscalls.RETURN or at + 1 + max(yes, no) < len(lines)
    assert lines[-1][0] == syscalls.RETURN


def test_a_machine_without_a_table_has_no_filter():
    with pytest.raises(OSError, match="no table of system calls for sparc"):
        syscalls.filter_program("sparc")
