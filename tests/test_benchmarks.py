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
from benchmarks import (
    child,
    counterparts,
    earlier,
    layers,
    lockstep,
    machine,
    ours,
    peers,
    race,
    step,
    summary,
    versions,
)
from benchmarks.settings import BATCHES, FEW, FIRST, QUICK, SETTINGS, STATES, Block
from course_nn import zoo
from course_nn.ops import softmax_cross_entropy_forward

MODULES = (
    "child",
    "counterparts",
    "lockstep",
    "machine",
    "memory",
    "ours",
    "step",
    "summary",
    "table",
)


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


def test_the_work_of_a_residual_block_is_counted_inside() -> None:
    """resnet: a convolution of 3 → 16 filters, four of 16 → 16; one of 16 → 32, four of 32 → 32."""
    first = 32 * 32 * 16 * 3 * 9
    others = 4 * 32 * 32 * 16 * 16 * 9 + 16 * 16 * 32 * 16 * 9 + 4 * 16 * 16 * 32 * 32 * 9 + 320
    assert counted("resnet").operations == 2 * 64 * (2 * first + 3 * others)


@pytest.mark.parametrize(
    ("quartiles", "word"),
    [
        ((0.5, 0.6, 0.999), "beaten"),
        ((0.5, 0.6, 1.0), "even"),  # the quartiles include 1
        ((1.0, 1.1, 1.2), "even"),
        ((0.9, 1.4, 1.5), "even"),
        ((1.001, 1.1, 1.2), "not beaten"),
    ],
)
def test_beaten_is_said_only_where_the_upper_quartile_is_below_one(quartiles, word) -> None:
    assert summary.verdict(quartiles) == word


def a_row(network: str = "mlp", theirs: tuple[float, ...] = (2.0, 4.0, 6.0)) -> dict:
    """A network's measurement, invented."""
    held = {"ours": (7, 10), "eager": (5, 7)}
    facts = {"libraries": [{"user_api": "blas", "prefix": "openblas", "architecture": "Zen"}]}
    return {
        "network": network,
        "batch": 8,
        "blocks": {"ours": [1.0, 2.0, 3.0], "eager": list(theirs)},
        "wrong": {},
        "settings": {"eager": {}},
        "idle": {"ours": 0.0, "eager": 0.1},
        "operations": 100,
        "bytes": 50,
        "memory": {name: {"baseline": a, "peak": b} for name, (a, b) in held.items()},
        "facts": {"ours": facts, "eager": {"torch": "2", **facts}},
    }


RATES = {"sgemm": 100.0, "copy": 50.0}


def test_a_summary_of_a_step() -> None:
    result = step.summarise(a_row(), RATES)
    assert result["peers"]["eager"]["ratio"].median == 0.5
    assert result["peers"]["eager"]["verdict"] == "beaten"
    assert (result["floor_s"], result["gemm_s"]) == (2.0, 1.0)
    assert result["peers"]["eager"]["memory_ratio"] == 1.5


def test_a_peer_is_beaten_network_by_network_and_in_the_mean() -> None:
    rows = [a_row("mlp"), a_row("wide", theirs=(0.5, 1.0, 1.5)), a_row("fast", (1.0, 2.0, 3.0))]
    rows = [row | step.summarise(row, RATES) for row in rows]
    eager = step.by_peer(rows, ["eager"])["eager"]
    assert eager["networks"] == {"beaten": ["mlp"], "even": ["fast"], "not beaten": ["wide"]}
    assert eager["mean"] == pytest.approx((1.0, 1.0, 1.0))
    assert eager["facts"]["torch"] == "2"
    result = {"threads": 2, "rates": RATES, "networks": rows, "peers": {"eager": eager}}
    text = step.report(result | {"ours": rows[0]["facts"]["ours"]})
    assert "kernel Zen" in text
    assert "not beaten" in text


# -- blocks --------------------------------------------------------------------------------------


class Counting:
    """A task whose n-th run says that it took n seconds."""

    def __init__(self) -> None:
        self.count = 0

    def run(self) -> dict[str, float]:
        self.count += 1
        return {"step": float(self.count)}


@pytest.fixture
def counting() -> child.Child:
    one = child.Child("ours")
    one.task = Counting()
    return one


def test_the_first_runs_of_a_block_are_dropped_and_the_median_of_the_others_is_kept(
    counting: child.Child,
) -> None:
    assert counting.block([3, 0, 5, 0]) == {"step": 6.0, "runs": 5}  # of 4, 5, 6, 7, 8
    assert counting.block([0, 0, 1, 0]) == {"step": 9.0, "runs": 1}


def test_a_block_lasts_as_long_as_it_is_told(counting: child.Child) -> None:
    answer = counting.block([0, 0.01, 1, 0.02])
    assert answer["runs"] > 1
    assert answer["step"] > 2  # some were dropped


class Asked:
    """A side that answers at once, and notes when."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    def ask(self, what: str, **message: object) -> object:
        if what == "processor":
            return 0.0
        self.log.append(self.name)
        return {"step": float(len(self.log)), "runs": 2}


def test_sides_take_turns_and_each_round_begins_with_the_next() -> None:
    log: list[str] = []
    sides = [Asked(name, log) for name in "ABC"]
    times = lockstep.alternate(sides, 3, block=QUICK, warm_up=0, pause=0)
    assert "".join(log) == "ABCBCACAB"
    assert times["A"] == {"step": [1.0, 6.0, 8.0], "runs": [2, 2, 2]}
    assert set(times["idle"]) == set("ABC")


# -- processes -----------------------------------------------------------------------------------


def test_a_side_takes_turns_and_counts_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in lockstep.TAKEN_OUT:
        monkeypatch.setenv(name, "Prescott" if name.endswith("CORETYPE") else "1")
    assert set(lockstep.taken_out()) == set(lockstep.TAKEN_OUT)
    with lockstep.Side("ours", "Step", processors=1, network="mlp", threads=1) as side:
        assert side.facts["loss"] > 0
        (blas,) = (b for b in side.facts["libraries"] if b["user_api"] == "blas")
        assert blas["num_threads"] == 1  # it may run on one processor only
        if blas["prefix"].endswith("openblas"):
            assert blas["architecture"] != "Prescott"
        times = lockstep.alternate([side], 2, block=Block(1, 0, 2, 0), warm_up=1, pause=0)
        assert times["ours"]["runs"] == [2, 2]
        assert min(times["ours"]["step"]) > 0
        memory = side.ask("memory")
        assert memory["peak"] >= memory["baseline"] > 0
        assert len(side.ask("facts")["losses"]) == 3
    assert side.process.returncode == 0


def test_a_side_that_fails_is_named() -> None:
    with pytest.raises(RuntimeError, match="'ours' ended at 'make'"):
        lockstep.Side("ours", "Step", network="no such network", threads=1)


def test_an_idle_side_that_computes_is_seen() -> None:
    class Busy:
        name, used = "busy", 0.0

        def ask(self, what: str) -> float:
            self.used += 0.5
            return self.used

    idle = lockstep.Idle(Busy())
    assert idle.share() == 0.0  # it used no more than answering costs
    idle.side.used += 100.0
    assert idle.share() > 1


@pytest.mark.parametrize(("quick", "slow"), [("0", "1"), ("1", "0")])
def test_of_a_peers_variants_the_faster_is_chosen(quick: str, slow: str, monkeypatch) -> None:
    class Fake:
        def __init__(self, name: str) -> None:
            self.name = name

        def __enter__(self) -> Fake:
            return self

        def __exit__(self, *error: object) -> None:
            pass

    seconds = {quick: {"step": [1.0, 9.0, 1.0]}, slow: {"step": [2.0, 2.0, 2.0]}}
    monkeypatch.setattr(peers, "side", lambda *words, label, **variant: Fake(label))
    monkeypatch.setattr(peers, "alternate", lambda *words, **options: seconds)
    variant = peers.chosen("tuned", "wide", 1, "", QUICK)
    assert variant == peers.PEERS["tuned"].variants[int(quick)]
    assert peers.chosen("eager", "wide", 1, "", QUICK) == {}


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
    oracle = versions.StepByOracles(earlier.NETWORK, version, batch=2)
    real = versions.StepByModel(earlier.NETWORK, batch=2)
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


def test_sides_that_train_something_else_are_not_timed() -> None:
    facts = {"loss": 2.3, "losses": [2.3, 2.2]}
    assert step.wrong_sides("mlp", {"ours": facts, "eager": dict(facts)}) == {}
    for wrong in ({"loss": 2.31}, {"losses": [2.3, 2.1]}):
        sides = {"ours": facts, "eager": facts, "compile": facts | wrong}
        assert list(step.wrong_sides("mlp", sides)) == ["compile"]
        del sides["eager"]  # nobody agrees with us: then the mistake may be ours
        with pytest.raises(RuntimeError, match="mlp: no peer computes what we do"):
            step.wrong_sides("mlp", sides)


def test_a_peer_that_was_wrong_in_a_network_is_named_and_left_out_there() -> None:
    rows = [a_row("mlp"), a_row("vgg") | {"wrong": {"eager": "another loss"}}]
    del rows[1]["blocks"]["eager"]
    rows = [row | step.summarise(row, RATES) for row in rows]
    eager = step.by_peer(rows, ["eager"])["eager"]
    assert eager["networks"]["beaten"] == ["mlp"]
    assert eager["wrong"] == {"vgg": "another loss"}
    result = {"threads": 2, "rates": RATES, "networks": rows, "peers": {"eager": eager}}
    assert "another loss" in step.report(result | {"ours": rows[0]["facts"]["ours"]})


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of all networks, as the other sides get them."""
    folder = str(tmp_path_factory.mktemp("handed"))
    counterparts.write(folder, SETTINGS)
    return folder


def test_batches_differ_and_are_the_same_for_every_side() -> None:
    x, labels = counterparts.batches_of("mlp")
    assert len(x) == len(labels) == BATCHES
    assert len({batch.tobytes() for batch in x}) == BATCHES
    np.testing.assert_array_equal(counterparts.batches_of("mlp")[0], x)


def few_steps(task: ours.Step, count: int = FIRST) -> dict:
    """Its facts after some steps on a few samples of every batch, which is fast."""
    task.x = [x[:FEW] for x in task.x]
    task.labels = [labels[:FEW] for labels in task.labels]
    for _ in range(count):
        task.run()
    return task.facts()


@pytest.mark.parametrize("network", SETTINGS)
def test_pytorch_takes_our_steps(network: str, handed: str) -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch: pip install course-nn[parity]")
    from benchmarks import in_torch

    threads, expected = torch.get_num_threads(), few_steps(ours.Step(network, 1))
    try:
        for variant in peers.PEERS["eager"].variants + peers.PEERS["tuned"].variants:
            task = in_torch.Step(network, threads, handed, **variant)
            np.testing.assert_array_equal(task.x[1].numpy(), counterparts.batches_of(network)[0][1])
            assert step.difference(expected, few_steps(task)) == ""
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize(
    ("network", "layout"), [("mlp", "NCHW"), ("lenet", "NHWC"), ("resnet", "NCHW")]
)
def test_jax_takes_our_steps(network: str, layout: str, handed: str) -> None:
    pytest.importorskip("jax", reason="needs JAX: pip install course-nn[parity]")
    from benchmarks import in_jax

    expected = few_steps(ours.Step(network, 1))
    task = in_jax.Step(network, 1, handed, layout)
    assert step.difference(expected, few_steps(task)) == ""


# -- the program ---------------------------------------------------------------------------------


def test_the_command_line(capsys) -> None:
    assert program.arguments([]).parts == list(program.PARTS)
    assert program.arguments([]).peers == ["eager", "tuned", "compile", "jax"]
    assert program.arguments(["step", "--threads", "2", "1"]).threads == [2, 1]
    assert program.arguments(["--quick"]).blocks < program.arguments([]).blocks
    assert program.arguments(["--quick", "--blocks", "7"]).blocks == 7
    for wrong in (["stepp"], ["--blocks", "0"], ["--networks", "alexnet"], ["--peers", "caffe"]):
        with pytest.raises(SystemExit):
            program.arguments(wrong)
    assert "stepp" in capsys.readouterr().err


def test_a_peer_that_is_not_there_is_left_out_and_named(monkeypatch) -> None:
    assert peers.missing("eager") in ("", "torch is not installed")
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: None)
    assert peers.missing("jax") == "jax is not installed"
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(peers.shutil, "which", lambda name: None)
    assert peers.missing("compile") == "there is no C++ compiler"
    assert peers.missing("tuned") == ""


def test_a_race_is_summed_up_peer_by_peer() -> None:
    runs = {
        "ours": [{"seconds": 1.0, "accuracy": 0.98}, {"seconds": 2.0, "accuracy": 1.0}],
        "tuned": [{"seconds": 2.0, "accuracy": 0.98}, {"seconds": 4.0, "accuracy": 0.99}],
    }
    result = race.summarise(runs)
    assert result["accuracy"]["ours"] == pytest.approx(99.0)
    assert result["ratio"]["tuned"].median == 0.5
    assert result["verdict"] == {"tuned": "beaten"}
    text = race.report({"threads": 1, "runs": runs, **result})
    assert "PyTorch, tuned" in text


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
