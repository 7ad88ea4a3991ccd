"""The locks: what the kernel refuses once they hold, each seen to succeed before."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_nn.worker import lockdown

PACKAGE = Path(lockdown.__file__).parents[2]
START = f"import json, os, sys; sys.path.insert(0, {str(PACKAGE)!r})\n"
TRY = """
import ctypes, fcntl, mmap, resource, signal, socket, threading
import encodings.utf_8, _socket
from course_nn.worker import lockdown
locked, readable, listable = sys.argv[1] == "locked", sys.argv[2], sys.argv[3]
libc = ctypes.CDLL(None, use_errno=True)
def attempt(what):
    try:
        what()
    except PermissionError:
        return "refused"
    except Exception as error:
        return type(error).__name__
    return "done"
def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
def thread():
    one = threading.Thread(target=int)
    one.start()
    one.join()
def connect():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        socket.create_connection(one.getsockname()).close()
pipe = os.pipe()
tries = {
    "read what is readable": lambda: open(readable + "/f").read(),
    "list what is listable": lambda: os.listdir(listable),
    "map code": lambda: mmap.mmap(-1, 4096, prot=7),
    "read the flags": lambda: fcntl.fcntl(pipe[0], fcntl.F_GETFL),
    "wait for nobody": lambda: os.set_blocking(pipe[0], False),
    "import C": lambda: __import__("_statistics"),
    "read a limit": lambda: resource.getrlimit(resource.RLIMIT_AS),
    "set a timer": lambda: signal.setitimer(signal.ITIMER_PROF, 1000),
    "write there": lambda: open(readable + "/f", "a").close(),
    "create there": lambda: open(readable + "/g", "w").close(),
    "delete there": lambda: os.unlink(readable + "/f"),
    "change its mode": lambda: os.chmod(readable, 0o755),
    "change its time": lambda: os.utime(readable),
    "read elsewhere": lambda: open(listable + "/f").read(),
    "list elsewhere": lambda: os.listdir("/etc"),
    "write through an open file": lambda: open("/dev/null", "w").close(),
    "name an owner of signals": lambda: fcntl.fcntl(pipe[0], fcntl.F_SETOWN, os.getpid()),
    "choose a signal": lambda: fcntl.fcntl(pipe[0], fcntl.F_SETSIG, 0),
    "ask for signals": lambda: fcntl.fcntl(pipe[0], fcntl.F_SETFL, os.O_ASYNC),
    "take a lease": lambda: fcntl.fcntl(os.open(readable + "/f2", 0), fcntl.F_SETLEASE, 0),
    "grow a pipe": lambda: fcntl.fcntl(pipe[0], 1031, 1 << 17),
    "signal itself": lambda: os.kill(os.getpid(), 0),
    "signal its parent": lambda: os.kill(os.getppid(), 0),
    "fork": fork,
    "open a socket": connect,
    "open a pair of sockets": socket.socketpair,
    "make a pipe": os.pipe,
    "make shared memory": lambda: os.memfd_create("x"),
    "make System V memory": lambda: checked(libc.shmget(0, 4096, 0o1600)),
    "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_CPU, (1000, 1000)),
    "write a core": lambda: checked(libc.prctl(4, 1, 0, 0, 0)),
    "choose a processor": lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)),
    "be nicer": lambda: os.nice(1),
    "go elsewhere": lambda: os.chdir("/"),
    "execute": lambda: os.access("/bin/true", os.X_OK) and os.posix_spawn("/bin/true", ["x"], {}),
}
locks = lockdown.seal([readable, *sys.argv[4:]], [listable], pipe) if locked else []
print(json.dumps([locks, {name: attempt(what) for name, what in tries.items()}]))
"""
HARMLESS = 8  # so many of them stay possible


def tried(tmp_path_factory, locked: str) -> tuple[list[str], dict[str, str]]:
    folders = [tmp_path_factory.mktemp(name) for name in ("readable", "listable")]
    for folder in folders:
        (folder / "f").write_text("text")
        (folder / "f2").write_text("text")
    shown = [str(Path(json.__file__).parents[1])]
    command = [sys.executable, "-I", "-c", START + TRY, locked, *map(str, folders), *shown]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout))


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> dict[str, str]:
    return tried(tmp_path_factory, "open")[1]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory) -> tuple[list[str], dict[str, str]]:
    return tried(tmp_path_factory, "locked")


def test_without_the_locks_all_of_it_can_be_done(opened):
    assert {name for name, found in opened.items() if found != "done"} == set()


def test_the_locks_refuse_what_harms_and_nothing_else(sealed, opened):
    locks, found = sealed
    assert locks == ["landlock", "seccomp"]
    harmless = list(opened)[:HARMLESS]
    assert [name for name in harmless if found[name] != "done"] == []
    assert {name for name, came in found.items() if came == "done"} == set(harmless)


SCOPES = """
from course_nn.worker import lockdown, spaces
import signal, socket
server = socket.socket(socket.AF_UNIX)
server.bind("\\0course-nn-" + str(os.getpid()))
server.listen()
child = os.fork()
if child == 0:
    lockdown._drop_privileges()
    lockdown._restrict(["/"], [])
    said = []
    for what in (lambda: os.kill(os.getppid(), 0),
                 lambda: socket.socket(socket.AF_UNIX).connect(server.getsockname()),
                 lambda: socket.create_connection(("127.0.0.1", 1)),
                 lambda: open("/dev/null", "w"),
                 lambda: open(f"/proc/{os.getppid()}/environ").read()):
        try: what(); said.append("done")
        except PermissionError: said.append("refused")
        except OSError as error: said.append(type(error).__name__)
    print(json.dumps(said), flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


def landlock_version() -> int:
    try:
        return max(0, lockdown._call(lockdown.CREATE_RULESET, None, 0, 1))
    except OSError:
        return 0


@pytest.mark.skipif(landlock_version() < 6, reason="this kernel's Landlock has no scopes")
def test_landlock_alone_holds_back_signals_sockets_and_files():
    done = subprocess.run(
        [sys.executable, "-I", "-c", START + SCOPES], capture_output=True, text=True
    )
    assert json.loads(done.stdout) == ["refused"] * 5, done.stderr


@pytest.mark.parametrize(("version", "size"), [(1, 8), (3, 8), (4, 16), (5, 16), (6, 24), (7, 24)])
def test_an_older_landlock_is_asked_only_for_what_it_knows(monkeypatch, tmp_path, version, size):
    asked = []

    def call(number, *arguments):
        asked.append((number, *arguments))
        return version if arguments[0] is None else os.open(tmp_path, 0)

    monkeypatch.setattr(lockdown, "_call", call)
    os.close(lockdown._ruleset.__wrapped__((str(tmp_path),), ()))
    (_, given, told, _), rule = asked[1], asked[2]
    assert (len(given), told) == (size, size)
    assert given[:8] == lockdown.RIGHTS[min(version, 5)].to_bytes(8, "little")
    assert rule[0] == lockdown.ADD_RULE


def test_only_linux_has_these_locks(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert lockdown.seal([], []) == []


CLOSE = """
from course_nn.worker import lockdown
fds = [os.open("/dev/null", 0) for _ in range(20)]
kept = fds[3], fds[9]
lockdown.close_others(kept)
alive = []
for fd in range(64):
    try: os.fstat(fd); alive.append(fd)
    except OSError: pass
print(json.dumps([alive, list(kept)]))
"""


def test_only_what_is_kept_stays_open():
    done = subprocess.run(
        [sys.executable, "-I", "-c", START + CLOSE], capture_output=True, text=True
    )
    alive, kept = json.loads(done.stdout)
    assert alive == [0, 1, 2, *kept]


LIMITS = """
import resource
from course_nn.worker import lockdown
lockdown.seal(["/"], [])
names = "NOFILE", "CORE", "MEMLOCK", "MSGQUEUE", "NPROC"
print(json.dumps([resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in names]))
"""


def test_the_small_limits_are_set_for_good():
    done = subprocess.run(
        [sys.executable, "-I", "-c", START + LIMITS], capture_output=True, text=True
    )
    files, *rest = json.loads(done.stdout)
    assert files == [lockdown.FILES] * 2
    assert rest == [[0, 0]] * 4


MISSING = """
import types
from course_nn.worker import lockdown
def refuse(*_, **__): raise OSError("it does not hold")
missing, readable = sys.argv[1:]
if missing == "table":
    os.uname = lambda: types.SimpleNamespace(machine="sparc")
else:
    setattr(lockdown, missing, refuse)
try: print(*lockdown.seal([readable], []))
except OSError as error: print(error)
"""


@pytest.mark.parametrize(
    ("missing", "readable", "said"),
    [
        ("table", "/", "no table of system calls for sparc"),
        ("_seccomp", "/", "it does not hold"),
        ("_seccomp", "/usr", "it does not hold"),
        ("_restrict", "/usr", "it does not hold"),
        ("_restrict", "/", "seccomp"),  # nothing is there that may not be read
        ("_drop_privileges", "/", "it does not hold"),
    ],
)
def test_nothing_runs_where_a_lock_that_has_to_hold_does_not(missing, readable, said):
    command = [sys.executable, "-I", "-c", START + MISSING, missing, readable]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.strip() == said, done.stderr
