"""The server's rehearsal goes as a student's notebook would, and leaves nothing behind.

It is held where the server holds it: in a Python that knows NumPy and the worker's files alone.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from course_nn import worker

PLACES = [str(Path(np.__file__).parents[1]), str(Path(worker.__file__).parents[1])]
SEEN = """
import json, linecache, os, signal, sys
sys.path += {places!r}
from worker import program, rehearsal, standins

answers, answer_all = [], program.answer_all

def listened(channel, desk, notebook, request):
    answer_all(channel, desk, notebook, request)
    frames = desk.replies(len(request["calls"]) + 1)
    answers.append([notebook.errors, [json.loads(text)["status"] for text, _ in frames]])

def standing():
    files = sorted(os.listdir("/proc/self/fd"))
    return [files, sorted(sys.modules), len(sys.meta_path), str(signal.getsignal(signal.SIGPROF))]

def left():
    kept = [*standins.offered, *standins.written, *standins.here]
    return kept + [name for name in linecache.cache if name.startswith("<")]

rehearsal.rehearse()
before = standing()
program.answer_all = listened
rehearsal.rehearse()
print(json.dumps([answers, before == standing(), left(), rehearsal.TIMES]))
"""


def test_every_call_is_answered_and_nothing_of_it_stays():
    code = SEEN.format(places=PLACES)
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, check=True)
    answers, same, left, times = json.loads(ran.stdout)
    assert answers == [[[], ["ok"] * 6]] * (2 * times)
    assert same
    assert left == []
