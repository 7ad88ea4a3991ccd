"""The record of the chapter on agreeing is what `python -m benchmarks.agreement` measures."""

import pytest

import course_nn as nn
from benchmarks import agreement
from course_nn import page


def test_the_record_holds_what_is_measured_here() -> None:
    for name in ("torch", "keras", "jax", "onnxruntime"):
        pytest.importorskip(name, reason="parity needs the frameworks: course-nn[parity]")
    record, data = page.record("agreement"), nn.data.digits()
    model = agreement.trained(data)
    rows = agreement.predictions(model, data.x_test)
    assert [row["with"] for row in rows] == [row["with"] for row in record["predictions"]]
    for row in rows:
        assert row["classes"] == 0
        assert row["theirs_from_exact"] < 10 * row["ours_from_exact"] + 1e-6
    here = agreement.gradients(model, data.x_train[:32], data.y_train[:32])
    assert [row["parameter"] for row in here] == [row["parameter"] for row in record["gradients"]]
    assert all(row["double"] < 1e-11 for row in here if row["size"] > 1e-10)
