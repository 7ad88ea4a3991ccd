"""How long the gradient check takes of all ops in every mode: pytest's own clock over tests/ops."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from .settings import ROOT

GOAL = 10.0  # seconds
NAME = "passes_the_judge"


def run() -> dict[str, Any]:
    """Runs the tests named after the judge; what is written as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "gradcheck.xml"
        command = [sys.executable, "-m", "pytest", "tests/ops", "-k", NAME, "-q", "--no-header"]
        start = time.perf_counter()
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider", f"--junitxml={record}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        wall = time.perf_counter() - start
        if done.returncode:
            raise RuntimeError(f"the gradient check did not run or did not pass:\n{done.stdout}")
        cases = [float(case.get("time", 0)) for case in ET.parse(record).iter("testcase")]
    return {"cases": len(cases), "seconds": sum(cases), "with_start_s": wall, "goal_s": GOAL}


def report(result: dict[str, Any]) -> str:
    """One line."""
    return (
        f"The gradient check of {result['cases']} ops and modes: {result['seconds']:.1f} s "
        f"(goal {result['goal_s']:.0f} s); {result['with_start_s']:.1f} s with pytest's start"
    )
