"""What every test shares: under CI a skip is a failure.

A skipped test has shown nothing. On a reader's machine it may skip with its reason (no browser, no
PyTorch); where CI is set, only a test marked `gpu` may.
"""

import os
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
from hypothesis import settings
from stand_in import standing_in

from course_nn.backend import gpu_module

CI = bool(os.environ.get("CI"))
os.environ.setdefault("COURSE_NN_PYODIDE", "")  # no test fetches the browser's runtime
settings.register_profile("quick", max_examples=25, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, print_blob=True)
settings.load_profile("ci" if CI else "quick")


GPUS = ["stand-in", pytest.param("cupy", marks=pytest.mark.gpu)]


@pytest.fixture(params=["numpy", *GPUS])
def xp(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """Every array library: NumPy, a stand-in for CuPy, and CuPy itself where there is a GPU."""
    yield from _library(request.param)


@pytest.fixture(params=GPUS)
def gpu(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """The stand-in, and CuPy where there is a GPU."""
    yield from _library(request.param)


def _library(name: str) -> Iterator[ModuleType]:
    if name == "stand-in":
        with standing_in() as library:
            yield library
    else:
        yield np if name == "numpy" else gpu_module() or pytest.skip("needs a GPU with CuPy")


def _forbidden(config: pytest.Config) -> list[pytest.TestReport | pytest.CollectReport]:
    """Return the reports of the skips that are failures here."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if not CI or reporter is None:
        return []
    skipped = reporter.stats.get("skipped", [])
    return [report for report in skipped if "gpu" not in getattr(report, "keywords", {})]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if a test skipped that may not."""
    if session.exitstatus == 0 and _forbidden(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name the skips that failed the run."""
    reports = _forbidden(config)
    if not reports:
        return
    terminalreporter.section("skipped, and under CI a skip is a failure", red=True)
    for report in reports:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"FAILED {report.nodeid}: {reason}", red=True)
