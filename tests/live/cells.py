"""Cells run as a page runs them: what they show, without a browser."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "book" / "_ext" / "live_pages" / "python"
# The kernel takes IPython's place in its process, so that it gets one of its own.
HARNESS = """
import asyncio, json, sys
sys.path.insert(0, sys.argv[1])
import live_kernel
shown = []
kernel = live_kernel.Kernel(lambda form, text: shown.append([form, text]))
for number, cell in enumerate(json.loads(sys.argv[2]), 1):
    shown.append(["cell", str(asyncio.run(kernel.run(cell, f"<cell {number}>")))])
print(json.dumps(shown))
"""


def run(*cells: str) -> list[list[str]]:
    """What the cells show, in pairs of form and text; ["cell", "True"] ends one that ran."""
    command = [sys.executable, "-c", HARNESS, str(PYTHON), json.dumps(cells)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


WELL, ILL = ["cell", "True"], ["cell", "False"]
