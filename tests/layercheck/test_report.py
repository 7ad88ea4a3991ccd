"""The report on a layer: a fault fails it, and so does what could not be looked at."""

import pytest

from course_nn.layercheck import Finding, LayerReport

RIGHT = Finding("it builds", "", True)
WRONG = Finding("its gradients are right", "db is wrong", False)
UNSEEN = Finding("it predicts", "", None)


@pytest.mark.parametrize(
    ("findings", "passed", "faults"),
    [
        ([RIGHT], True, []),
        ([RIGHT, WRONG], False, ["db is wrong"]),
        ([WRONG, RIGHT, WRONG], False, ["db is wrong"] * 2),
        ([RIGHT, UNSEEN], False, []),
    ],
)
def test_only_what_was_looked_at_and_found_right_passes(findings, passed, faults) -> None:
    report = LayerReport("Dense(units=3)", findings)
    assert report.passed is passed
    assert bool(report) is passed
    assert report.faults == faults


def test_a_report_prints_its_verdict_and_every_finding() -> None:
    report = LayerReport("Dense(units=3)", [RIGHT, WRONG, UNSEEN])
    assert str(report).splitlines() == [
        "Dense(units=3): layer check FAILED",
        "  ok   it builds",
        "  FAIL its gradients are right: db is wrong",
        "  –    it predicts",
    ]
    assert repr(report) == str(report)
    assert str(LayerReport("ReLU()", [RIGHT])).startswith("ReLU(): layer check passed\n")
