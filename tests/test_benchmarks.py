"""The benchmark's arithmetic and its two-process harness; never a time.

What is measured can be wrong in silence: a floor counted too high, a pair compared with another
pair, a network that is not the other side's. That is what is tested here.
"""

from __future__ import annotations

import doctest
import importlib
import json
import statistics

import numpy as np
import pytest

import course_nn as nn
from benchmarks import __main__ as program
from benchmarks import layers, lockstep, machine, ours, seeds, step, summary, versions
from benchmarks.settings import SETTINGS, STATES
from course_nn import zoo
from course_nn.ops import softmax_cross_entropy_forward

MODULES = ("lockstep", "machine", "memory", "ours", "summary", "table")


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"benchmarks.{name}"))
    assert not result.failed
    assert result.attempted


# -- arithmetic ----------------------------------------------------------------------------------


def test_the_ratio_is_taken_pair_by_pair() -> None:
    """A machine that is ten times slower in every other pair leaves the ratio where it is."""
    slow = np.array([1.0, 10.0] * 5)
    assert summary.ratio(list(0.8 * slow), list(slow)) == pytest.approx((0.8, 0.8, 0.8))
    ours_s, theirs_s = [1.0, 9.0, 4.0], [2.0, 3.0, 4.0]
    assert summary.ratio(ours_s, theirs_s).median == 1.0
    assert statistics.median(ours_s) / statistics.median(theirs_s) != 1.0
    with pytest.raises(ValueError, match="argument"):
        summary.ratio([1.0], [1.0, 2.0])


def test_the_mean_of_ratios_does_not_care_which_side_is_below() -> None:
    ratios = [0.5, 0.9, 1.7]
    upside_down = summary.geometric_mean(1 / r for r in ratios)
    assert summary.geometric_mean(ratios) == pytest.approx(1 / upside_down)


def counted(name: str) -> summary.Work:
    model = zoo.build(name, rng=np.random.default_rng(0))
    setting = SETTINGS[name]
    return summary.step_work(model.layers, setting.batch, STATES[setting.optimizer])


def test_the_floor_of_mlp_by_hand() -> None:
    weights = 784 * 256 + 256 * 128 + 128 * 10
    parameters = weights + 256 + 128 + 10
    activations = 256 + 256 + 128 + 128 + 10
    work = counted("mlp")
    assert work.operations == 2 * 128 * (3 * weights - 784 * 256)
    assert work.bytes == 4 * (128 * (4 * activations + 2 * 784) + 10 * parameters)


def test_the_operations_of_wide_by_hand() -> None:
    """The second convolution dominates: 64 filters of 32×3×3 at 24×24 places."""
    first, second = 26 * 26 * 32 * 9, 24 * 24 * 64 * 32 * 9
    dense = 64 * 12 * 12 * 128 + 128 * 10
    assert counted("wide").operations == 2 * 128 * (2 * first + 3 * second + 3 * dense)


def test_a_summary_of_a_step() -> None:
    row = {
        "ours": [1.0, 2.0, 3.0],
        "theirs": [2.0, 4.0, 6.0],
        "operations": 100,
        "bytes": 50,
        "memory": {"ours": {"baseline": 7, "peak": 10}, "theirs": {"baseline": 5, "peak": 7}},
    }
    result = step.summarise(row, {"sgemm": 100.0, "copy": 50.0})
    assert result["ratio"].median == 0.5
    assert (result["floor_s"], result["gemm_s"]) == (2.0, 1.0)
    assert result["memory_ratio"] == 1.5


# -- two processes -------------------------------------------------------------------------------


def test_a_side_takes_turns_and_counts_its_memory() -> None:
    with lockstep.Side("ours", "Step", network="mlp", threads=1) as side:
        assert side.facts["loss"] > 0
        times = lockstep.alternate([side], repeats=2, warm_up=1, pause=0)
        assert len(times["ours"]["step"]) == 2
        assert min(times["ours"]["step"]) > 0
        memory = side.ask("memory")
        assert memory["peak"] >= memory["baseline"] > 0
    assert side.process.returncode == 0


def test_a_side_that_fails_is_named() -> None:
    with pytest.raises(RuntimeError, match="'ours' ended at 'make'"):
        lockstep.Side("ours", "Step", network="no such network", threads=1)


def test_an_idle_side_that_computes_is_seen() -> None:
    class Busy:
        side, used = "busy", 0.0

        def ask(self, what: str) -> float:
            self.used += 0.5
            return self.used

    idle = lockstep.Idle(Busy())
    assert idle.share() == 0.0  # it used no more than answering costs
    idle.side.used += 100.0
    assert idle.share() > 1


# -- the tasks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("network", SETTINGS)
def test_every_layer_alone_gets_the_same_slices_in_every_run_and_a_gradient(network: str) -> None:
    task = ours.Layers(network, threads=2)
    for i, name in enumerate(task.names):
        first = task.run(i)
        count = [
            len(m.layers[0].store.arrays) + len(m.layers[-1].store.arrays) for m in task.models
        ]
        assert set(first) == set(layers.PASSES)
        task.run(i)  # the slices lie where they lay: nothing is made anew while the clock runs
        again = [
            len(m.layers[0].store.arrays) + len(m.layers[-1].store.arrays) for m in task.models
        ]
        assert again == count, name
        grads = task.models[i].layers[1].params
        moved = [np.abs(task.models[i].grads[f"1.{key}"]).max() > 0 for key in grads]
        assert all(moved), name


def test_a_source_hands_on_the_slice_it_got_with_the_batch_innermost() -> None:
    x = np.random.default_rng(0).random((4, 2, 3, 3))
    source = ours.Source(raw=False, needs_dx=True)
    y, _ = source.compute(x[1:3], train=True)
    np.testing.assert_array_equal(y, x[1:3])
    assert np.moveaxis(y, 0, -1).flags.c_contiguous
    assert source.compute(x[1:3], train=True)[0] is y


@pytest.mark.parametrize("version", range(5))
def test_a_step_by_oracles_is_a_step_of_the_model(version: int) -> None:
    oracle = versions.StepByOracles(seeds.NETWORK, version, batch=2)
    real = versions.StepByModel(seeds.NETWORK, batch=2)
    assert oracle.facts()["loss"] == pytest.approx(real.facts()["loss"], rel=1e-5)
    oracle.step()
    real.run()
    for ours_layer, layer in zip(real.model.layers, oracle.layers, strict=True):
        for name, w in layer.params.items():
            np.testing.assert_allclose(w, ours_layer.params[name], rtol=1e-4, atol=1e-5)


def test_seed_b_in_python_and_in_numpy_measure_the_same_network() -> None:
    python, real = versions.BackwardInPython(), versions.BackwardInNumPy(threads=1)
    sizes = [(len(p["W"]), len(p["W"][0])) for p in python.network.params]
    assert sizes == [dense.params["W"].shape for dense in real.model.layers[::2]]
    assert sum(a.size for a in real.model.params.values()) == 83_900 + 160


def test_pytorch_gets_our_networks_and_our_batch(tmp_path) -> None:
    torch = pytest.importorskip("torch")
    from benchmarks import counterparts, in_torch

    counterparts.write(str(tmp_path))
    threads = torch.get_num_threads()
    try:
        for name in SETTINGS:
            task = in_torch.Step(name, threads, str(tmp_path))
            assert task.facts()["loss"] == pytest.approx(ours.Step(name, 1).value, rel=1e-4)
            x, labels = ours.batch_of(name)
            np.testing.assert_array_equal(task.x.numpy(), x)
            np.testing.assert_array_equal(task.labels.numpy(), labels)
    finally:
        torch.set_num_threads(threads)


# -- the program ---------------------------------------------------------------------------------


def test_the_command_line(capsys) -> None:
    assert program.arguments([]).parts == list(program.PARTS)
    assert program.arguments(["step", "--threads", "2", "1"]).threads == [2, 1]
    for wrong in (["stepp"], ["--repeats", "0"], ["--networks", "alexnet"]):
        with pytest.raises(SystemExit):
            program.arguments(wrong)
    assert "stepp" in capsys.readouterr().err


def test_the_record_names_the_machine_and_no_folder(tmp_path) -> None:
    facts = machine.facts()
    assert facts["processor"]
    assert facts["cores"] >= 1
    program.write({"machine": facts, "spread": summary.spread([1.0, 2.0])}, tmp_path)
    record = json.loads((tmp_path / "bench.json").read_text())
    assert record["spread"] == [1.25, 1.5, 1.75]
    assert str(tmp_path) not in json.dumps(record)


def test_the_loss_marks_where_the_backward_pass_begins() -> None:
    z, labels = np.zeros((2, 10), np.float32), np.zeros(2, int)
    loss = versions.TimedLoss()
    value, cache = loss.compute(z, labels)
    assert value == softmax_cross_entropy_forward(z, labels)[0]
    np.testing.assert_array_equal(loss.gradient(cache), nn.SoftmaxCrossEntropy().gradient(cache))
    assert loss.backward_began > 0
