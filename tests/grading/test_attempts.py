"""The attempts to break out: that each succeeds, and harms nobody, where nothing holds it back."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from course_nn.grading import attempts
from course_nn.grading.attempts import ALL, ATTEMPTS

RUN = """
r, w = os.pipe()
os.open("/dev/null", 0)
import json
print(json.dumps(attempts().tolist()))
"""
NOT_ITS_OWN = {"change the mode of NumPy's folder", "change the times of NumPy's folder"}


def succeeded(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {name for name, one in zip(ALL, json.loads(done.stdout), strict=True) if one}


def test_each_succeeds_where_nothing_holds_it_back():
    with attempts.target(1 << 30) as aims:
        found = succeeded(attempts.cell(aims) + RUN)
    expected = set(ALL) if os.geteuid() == 0 else set(ATTEMPTS) - NOT_ITS_OWN
    assert expected - found == set()


def test_only_root_does_what_only_root_can(another_user):
    code = (
        "import json, subprocess, sys\nfrom course_nn.grading import attempts\n"
        "with attempts.target(1 << 30) as aims:\n"
        f"    code = attempts.cell(aims) + {RUN!r}\n"
        "    print(subprocess.check_output([sys.executable, '-c', code], text=True))"
    )
    done = json.loads(another_user(code))
    found = {name for name, one in zip(ALL, done, strict=True) if one}
    assert set(ATTEMPTS) - NOT_ITS_OWN - found == set()
    assert found & {"be root", "become root", "change the root", "name the machine"} == set()


def test_nothing_of_what_they_aim_at_is_left_or_changed():
    folder = Path(np.__file__).parent
    before = folder.stat().st_mode, folder.stat().st_mtime, os.getpriority(os.PRIO_PROCESS, 0)
    with attempts.target(1 << 30) as aims:
        succeeded(attempts.cell(aims) + RUN)
        assert Path(aims["secret"]).exists()
    after = folder.stat().st_mode, folder.stat().st_mtime, os.getpriority(os.PRIO_PROCESS, 0)
    assert after == before
    assert not Path(aims["secret"]).parent.exists()
    assert not Path("/dev/shm", aims["name"]).exists()


@pytest.mark.parametrize("name", ALL)
def test_each_is_one_line_of_python(name):
    compile(ALL[name], name, "exec")
    assert "\n" not in ALL[name]
