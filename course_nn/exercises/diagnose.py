"""Names a mistake: the right formula is changed in every way that students do, and what fits said.

A name is said where a candidate gives the student's very numbers twice, at two sizes and with other
numbers; as "could be" where it could be tried once only. What no change of the formula gives was
done to the right answer afterwards, or stands in the task's short table. A right answer pays
nothing, a wrong one at most the seconds of `BUDGET`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..threads import BROWSER, own_seconds
from .aftermath import ignored
from .candidates import candidates, formula_of, of_memory, once, tabled, two_changes
from .circumstances import (
    beyond_the_usual,
    layout_alone,
    precision_alone,
    tame,
    where_it_is_no_number,
)
from .compare import Comparison, ask
from .detective import Detective, elsewhere, said
from .detective import Finding as Finding
from .relations import by_rows, factor, order
from .student import Student
from .task import Case, Inputs, Task, argument_of

BUDGET = 2.4 if BROWSER else 0.8  # seconds of work for the name of one mistake: the same search
SILENT = ("", "stub", "purity", "warning", "endless")  # faults that say all there is


def diagnose(
    student: Student,
    task: Task,
    comparison: Comparison,
    case: Case,
    example: Comparison | None = None,
) -> Finding:
    """What the first wrong output looks like; nothing where no candidate fits.

    Parameters
    ----------
    student : is asked a few times more.
    comparison, case : the call that was wrong, and how its inputs were made.
    example : a small call that is wrong in the same way: most candidates fail there, and soon.
    """
    if not task.knows or comparison.fault in SILENT:
        return Finding()
    odd = [output.name for output in comparison.wrong if output.fault not in ("type", "dtype")]
    wrong = odd if comparison.wrong else list(task.outputs)
    end = own_seconds() + BUDGET
    detectives = [Detective(student, task, name, end) for name in _as_made(task, wrong)]
    finding = (
        _of_the_case(detectives, comparison, case)
        or _of_one_change(detectives, comparison, case, example)
        or next(filter(None, map(_related, detectives)), Finding())
        or next(filter(None, map(_ignored, detectives)), Finding())
        or _of_one_change_and_a_factor(detectives)
        or _of_two_changes(detectives)
    )
    return _with_arguments(finding, comparison)


def _as_made(task: Task, names: list[str]) -> list[str]:
    """Outputs in the order in which the formula makes them: what comes later is wrong with them."""
    formula = formula_of(task)
    if formula is None:
        return names
    made = dict(zip(task.outputs, map(formula.made_at, formula.outputs), strict=True))
    return sorted(names, key=lambda name: made[name])


def _of_the_case(detectives: list[Detective], comparison: Comparison, case: Case) -> Finding:
    """The finding where the same numbers, stored in another way, are answered rightly."""
    for detective in detectives:
        student, task, name = detective.student, detective.task, detective.output
        others = (one for one in once(candidates, task, name) if one.source != "constant")
        ways = (
            (layout_alone, of_memory(task, name), "layout"),
            (precision_alone, others, "precision"),
        )
        for alone, possible, source in ways:
            if words := alone(student, task, comparison, case):
                detective.look(comparison)
                detective.try_case(elsewhere(task, case))
                return detective.find(possible) or Finding(words, True, source, name)
    return Finding()


def _of_one_change(
    detectives: list[Detective],
    comparison: Comparison,
    case: Case,
    example: Comparison | None,
) -> Finding:
    """The first output's finding."""
    found = (_by_one_change(one, comparison, case, example) for one in detectives)
    return next(filter(None, found), Finding())


def _of_one_change_and_a_factor(detectives: list[Detective]) -> Finding:
    """The first output's finding by one change, and a factor that can be named."""
    for one in detectives:
        if one.tries and (found := one.up_to_a_factor(once(candidates, one.task, one.output))):
            return found
    return Finding()


def _related(detective: Detective) -> Finding:
    """How the answer relates to the right one, where no change fits: a factor, another order."""
    if detective.case is not None and detective.tries:
        detective.ask_more(detective.case)
    name, pairs = detective.output, detective.pairs()
    if not pairs or not detective.shows:
        return Finding()
    if words := where_it_is_no_number(detective.tries, name):
        return Finding(said(words, detective.task, name), True, "related", name)
    axes = argument_of(detective.task, name).axes or ()
    if times := factor(pairs, detective.numbers()):
        return Finding(f"{name} is {times} times the right one", True, "related", name)
    if times := factor(detective.steps(), detective.numbers()):
        words = f"the step that {name} takes is {times} times the right one"
        return Finding(words, True, "related", name)
    if words := order(pairs) or by_rows(pairs, axes):
        return Finding(said(f"in {name}, {words}", detective.task), True, "related", name)
    return Finding()


def _of_two_changes(detectives: list[Detective]) -> Finding:
    """The first output's finding by two changes at once."""
    found = (one.find(once(two_changes, one.task, one.output)) for one in detectives)
    return next(filter(None, found), Finding())


def _with_arguments(finding: Finding, comparison: Comparison) -> Finding:
    """The finding, and which arguments were changed on the way: often that is the mistake."""
    if not comparison.changed or comparison.fault != "outputs":
        return finding
    names = " and ".join(comparison.changed)
    if finding:
        return replace(finding, words=f"{finding.words}; and it changes its argument {names}")
    words = (
        f"it changes its argument {names} while it computes, so that what comes later sees other "
        "numbers: work on a new array"
    )
    return Finding(words, True, "argument")


def _by_one_change(
    detective: Detective, comparison: Comparison, case: Case, example: Comparison | None
) -> Finding:
    """The finding for one output: at the sizes where it was seen, then where all sizes agree."""
    task = detective.task
    detective.look(comparison)
    if detective.tries:
        usual = _usual_numbers(detective, case)
        detective.try_case(elsewhere(task, case))
        if case.layout != task.public()[0].layout:
            detective.try_case(task.public()[0])  # where it is right, a candidate must be so too
        if task.own:
            detective.try_case(task.public()[0], whole=True)
        if example is not None:
            detective.look(example)
        if finding := _at_all_numbers(detective, usual, case):
            return finding
    if not detective.shaped and (finding := _where_sizes_agree(detective)):
        return finding
    return Finding()


def _usual_numbers(detective: Detective, case: Case) -> Detective:
    """Another for the same output that was asked usual numbers alone, if the task draws others."""
    usual, task = detective.afresh(), detective.task
    if calm := tame(task):
        for sizes in (case, elsewhere(task, case)):
            usual.try_case(sizes, task=calm)
    return usual


def _at_all_numbers(detective: Detective, usual: Detective, case: Case) -> Finding:
    """What fits large and usual numbers alike; else what happens to one of the two."""
    task, name = detective.task, detective.output
    unusual, all_candidates = detective.tries, once(candidates, task, name)
    detective.tries, detective.case = usual.tries + unusual, case
    if finding := detective.find(all_candidates):
        return finding
    if not usual.tries:
        return Finding()
    if usual.shows:
        return usual.find(all_candidates)
    detective.tries = unusual
    found = detective.find(tabled(task, name))
    detective.tries = usual.tries + unusual
    words = beyond_the_usual(task, name, unusual)
    return found or Finding(words, True, "large", name)


def _where_sizes_agree(detective: Detective) -> Finding:
    """The finding where a mistake that breaks the shapes gives numbers."""
    square = detective.afresh()
    for _ in range(2):
        square.try_case(detective.task.square())
    if not detective.tries:
        detective.tries = square.tries
    return square.find(once(candidates, detective.task, detective.output))


# -- arguments that make no difference -------------------------------------------------------------


def _ignored(detective: Detective) -> Finding:
    """Asks again with one argument changed at a time: which one makes no difference?"""
    if not detective.tries:
        return Finding()
    student, task, name = detective.student, detective.task, detective.output

    def call(inputs: Inputs) -> np.ndarray | None:
        found = [o for o in ask(student, task, inputs, name).outputs if o.value is not None]
        return found[0].value if found else None

    case = like(task, detective.tries[0][0])
    few = replace(case, whole=bool(task.own))  # where little overflows
    inputs, *others = (task.draw(one, student.rng) for one in (few, few, case, case))
    words = said(ignored(call, inputs, others, lambda i: task.right(i)[name]), task, name)
    constant = words.startswith("the answer stays the same")
    if not words or (constant and detective.varies):
        return Finding()
    return Finding(words, True, "ignored", name)


def like(task: Task, inputs: Inputs) -> Case:
    """A case of the same sizes as these inputs."""
    found = task.signature.sizes_of(inputs)
    options = {name: found[name] for name in task.signature.options}
    return Case("again", {**task.public()[0].sizes, **found}, options)
