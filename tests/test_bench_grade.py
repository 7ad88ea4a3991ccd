"""The grader's benchmark: its class, its arithmetic, and a small run of our side; never a time."""

import doctest
import json

import pytest

from benchmarks import grading, machine
from course_nn.grading.assignment import load_assignment


def test_examples():
    result = doctest.testmod(grading)
    assert not result.failed
    assert result.attempted >= 4


def test_the_class_is_a_mix_that_is_always_the_same():
    assignment = load_assignment("ex02_dense")
    there, again = grading.class_of(assignment, 12), grading.class_of(assignment, 12)
    assert there == again
    assert len(set(there.values())) > 8  # not one notebook copied
    assert list(there) == sorted(there)


def test_every_notebook_falls_to_one_share():
    names = [f"s{k}" for k in range(23)]
    found = grading.shares(names, 5)
    assert sorted(name for share in found for name in share) == sorted(names)
    assert {len(share) for share in found} == {4, 5}


def test_the_ratio_is_taken_block_by_block():
    blocks = [
        {"ours": {"a minute": ours}, "nbgrader": {"a minute": theirs}}
        for ours, theirs in ((100.0, 1.0), (300.0, 30.0), (200.0, 10.0))
    ]
    assert grading.medians(blocks) == {"ours": 200.0, "nbgrader": 10.0, "times": 20.0}
    assert grading.medians([{"ours": {"a minute": 5.0}}]) == {"ours": 5.0}


@pytest.mark.parametrize("wrong", [["--jobs", "0"], ["--blocks", "0"], ["--submissions", "0"]])
def test_nothing_is_no_benchmark(wrong):
    with pytest.raises(SystemExit):
        grading.arguments(wrong)


def test_a_command_that_fails_is_no_time(tmp_path):
    with pytest.raises(SystemExit, match="failed"):
        grading.run(["/bin/false"], tmp_path)


def test_what_steers_blas_does_not_reach_a_side(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Prescott")
    code = "import os, sys; sys.exit(any(n in os.environ for n in sys.argv[1:]))"
    assert grading.run([grading.sys.executable, "-c", code, *grading.STEERS], tmp_path) > 0


def test_our_side_is_run_from_the_command_to_the_record(tmp_path):
    small = ["--alone", "--submissions", "2", "--jobs", "1", "--blocks", "1", "--sandbox", "plain"]
    assert grading.main([*small, "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "grading.json").read_text())
    assert record["medians"]["ours"] > 0
    assert set(record["machine"]) == set(machine.facts())
    assert record["nbgrader"] is None
    assert any(found["user_api"] == "blas" for found in record["libraries"])
