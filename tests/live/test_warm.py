"""A Python that is kept has imported what pages ask for, and holds no file open."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "book" / "_ext" / "live_pages" / "python"
# It imports into its own process, as it does in the browser.
HARNESS = """
import os, sys
sys.path.insert(0, sys.argv[1])
import live_warm
live_warm.warm()
wanted = ["course_nn.exercises.check", "live_kernel", "matplotlib.pyplot", "markdown_it"]
assert not set(wanted) - set(sys.modules), set(wanted) - set(sys.modules)
held = [os.path.realpath(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if int(n) > 2]
assert not [path for path in held if path.endswith(".ttf")], held
import random, numpy
states = []
for _ in range(2):
    random.seed(0), numpy.random.seed(0)
    live_warm.wake()
    states.append((random.random(), numpy.random.random()))
assert states[0][0] != states[1][0] and states[0][1] != states[1][1], states
"""


def test_it_is_warm_holds_no_font_and_wakes_with_randomness_of_its_own() -> None:
    command = [sys.executable, "-c", HARNESS, str(PYTHON)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
