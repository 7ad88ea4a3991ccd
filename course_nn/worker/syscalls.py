"""The system calls that a sealed process may still make, and the filter that says so to the kernel.

A list of what is allowed: what is not on it is refused, also what the kernel learns tomorrow. The
filter is our own few lines of BPF rather than libseccomp's: the worker stands on NumPy alone, and
what is this short can be run instruction by instruction in a test, for machines that we lack.

It holds back calls, not code: whoever may call the C library through ctypes can ask the kernel for
whatever is listed here, so that memory may well be made executable (Python loads its libraries).
"""

import functools
import struct
from typing import NamedTuple

ARCHITECTURES = {  # the column of its numbers below, and the kernel's name for it
    "x86_64": (0, 0xC000003E),
    "aarch64": (1, 0xC00000B7),
    "riscv64": (1, 0xC00000F3),
}
X32 = 0x40000000  # x86_64's second table of numbers starts here

PLAIN = {  # allowed whatever the arguments: (number on x86_64, on aarch64 and riscv64)
    # files that are open, and what is known of a path
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "close": (3, 57), "close_range": (436, 436), "lseek": (8, 62), "dup": (32, 23),
    "dup2": (33, None), "dup3": (292, 24), "stat": (4, None), "fstat": (5, 80), "lstat": (6, None),
    "newfstatat": (262, 79), "statx": (332, 291), "access": (21, None), "faccessat": (269, 48),
    "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78), "getcwd": (79, 17),
    "getdents": (78, None), "getdents64": (217, 61),
    # memory
    "munmap": (11, 215), "brk": (12, 214), "mprotect": (10, 226), "mremap": (25, 216),
    "madvise": (28, 233),
    # waiting, and the clock
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    "nanosleep": (35, 101), "clock_nanosleep": (230, 115), "pause": (34, None),
    "alarm": (37, None), "getitimer": (36, 102), "setitimer": (38, 103), "time": (201, None),
    "gettimeofday": (96, 169), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "times": (100, 153), "restart_syscall": (219, 128),
    # itself
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "getpid": (39, 172), "getppid": (110, 173), "gettid": (186, 178),
    "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "getresuid": (118, 148), "getresgid": (120, 150), "getgroups": (115, 158),
    "getrusage": (98, 165), "getrlimit": (97, 163), "exit": (60, 93), "exit_group": (231, 94),
    "sched_yield": (24, 124), "sched_getaffinity": (204, 123), "getcpu": (309, 168),
    "set_tid_address": (218, 96), "set_robust_list": (273, 99), "rseq": (334, 293),
    # the machine
    "uname": (63, 160), "sysinfo": (99, 179), "getrandom": (318, 278),
}  # fmt: skip
# libc has another way for these, and for all that the kernel learned later: it is told ENOSYS
NEW = {"clone3": (435, 435), "openat2": (437, 437), "membarrier": (324, 283)}
UNKNOWN = 441

EPERM, ENOTTY, ENOSYS = 1, 25, 38
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
REFUSE, NOSYS = ERRNO | EPERM, ERRNO | ENOSYS
LOAD, AND, RETURN = 0x20, 0x54, 0x06
EQUAL, AT_LEAST, BITS = 0x15, 0x35, 0x45
FAIL = -1  # a jump out of one way of allowing a call, to the next


class Step(NamedTuple):
    """One instruction: what it does, how far it jumps if so and if not, and its number."""

    code: int
    yes: int
    no: int
    number: int


def argument(index: int, high: bool = False) -> Step:
    """Load half of an argument; what the kernel takes as an int is its low half."""
    return Step(LOAD, 0, 0, 16 + 8 * index + (4 if high else 0))


def without(index: int, mask: int) -> list[Step]:
    """The argument has none of these bits."""
    return [argument(index), Step(BITS, FAIL, 0, mask & 0xFFFFFFFF)]


def one_of(index: int, values: list[int], mask: int = 0xFFFFFFFF) -> list[Step]:
    """The argument, or the bits of it that count, is one of these."""
    steps = [Step(EQUAL, len(values) - i - 1, 0, value) for i, value in enumerate(values)]
    steps[-1] = steps[-1]._replace(no=FAIL)
    return [argument(index), Step(AND, 0, 0, mask), *steps]


def zero(index: int) -> list[Step]:
    """The argument is zero as a whole: no pointer."""
    halves = [[argument(index, high), Step(EQUAL, 0, FAIL, 0)] for high in (False, True)]
    return [*halves[0], *halves[1]]


O_WRITES = 0o1 | 0o2 | 0o100 | 0o1000 | 0o20000 | 0o20000000  # …, create, cut, signal, nameless
O_KEEPS = 0o3 | 0o2000 | 0o4000 | 0o100000 | 0o400000  # mode, append, no waiting, large files
FCNTL_READS = [0, 1, 2, 3, 1030]  # duplicate, get and set close-on-exec, get the flags
F_SETFL = 4
IOCTL = [0x5450, 0x5451, 0x541B, 0x5421]  # close-on-exec, how much to read, no waiting
MAP_TAKES = 0x2000 | 0x40000  # locked or huge pages: memory that is scarce
PR_NAME = [15, 16]  # a thread's name
FUTEX = [0, 1, 3, 4, 5, 9, 10]  # wait, wake, requeue; none that lends priority
THREAD = [0x3D0F00, 0x7D0F00]  # as glibc and musl start one


class Rule(NamedTuple):
    """A call that is allowed in some ways only, and the error for the others."""

    numbers: tuple[int | None, int | None]
    ways: list[list[list[Step]]]
    error: int = EPERM


CHECKED = {
    "open": Rule((2, None), [[without(1, O_WRITES)]]),
    "openat": Rule((257, 56), [[without(2, O_WRITES)]]),
    "mmap": Rule((9, 222), [[without(3, MAP_TAKES)]]),
    "futex": Rule((202, 98), [[one_of(1, FUTEX, 0x7F)]]),
    "fcntl": Rule(
        (72, 25), [[one_of(1, FCNTL_READS)], [one_of(1, [F_SETFL]), without(2, ~O_KEEPS)]]
    ),
    "ioctl": Rule((16, 29), [[one_of(1, IOCTL)]], ENOTTY),
    "prlimit64": Rule((302, 261), [[zero(0), zero(2)]]),  # read one's own
    "prctl": Rule((157, 167), [[one_of(0, PR_NAME)]]),
    "clone": Rule((56, 220), [[one_of(0, THREAD)]]),
}  # fmt: skip


@functools.cache
def filter_program(machine: str, threads: bool = True) -> bytes:
    """Build the filter for one kind of machine, as the kernel reads it.

    Parameters
    ----------
    machine : one of ARCHITECTURES, as `os.uname()` says.
    threads : whether threads may be started (their number is for a limit to bound).

    Raises
    ------
    OSError : for a machine whose numbers are not listed here.
    """
    if machine not in ARCHITECTURES:
        raise OSError(f"no table of system calls for {machine}")
    column, name = ARCHITECTURES[machine]
    steps = [Step(LOAD, 0, 0, 4), Step(EQUAL, 1, 0, name), _end(REFUSE)]
    steps += [Step(LOAD, 0, 0, 0), Step(AT_LEAST, 0, 1, X32), _end(REFUSE)]
    for numbers in PLAIN.values():
        steps += _when(numbers[column], [_end(ALLOW)])
    for call, rule in CHECKED.items():
        if threads or call != "clone":
            steps += _when(rule.numbers[column], _checked(rule))
    for pair in NEW.values():
        steps += _when(pair[column], [_end(NOSYS)])
    steps += [Step(AT_LEAST, 0, 1, UNKNOWN), _end(NOSYS), _end(REFUSE)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _end(verdict: int) -> Step:
    return Step(RETURN, 0, 0, verdict)


def _when(number: int | None, steps: list[Step]) -> list[Step]:
    """Do these steps for one number; they end the filter."""
    return [] if number is None else [Step(EQUAL, 0, len(steps), number), *steps]


def _checked(rule: Rule) -> list[Step]:
    """Try one way after the other; refuse where none holds."""
    steps: list[Step] = []
    for way in rule.ways:
        block = [*(step for test in way for step in test), _end(ALLOW)]
        steps += [_landed(step, len(block) - i - 1) for i, step in enumerate(block)]
    return [*steps, _end(ERRNO | rule.error)]


def _landed(step: Step, rest: int) -> Step:
    """A step whose jump out of its way goes over what is left of it."""
    yes, no = (rest if jump == FAIL else jump for jump in (step.yes, step.no))
    return step._replace(yes=yes, no=no)
