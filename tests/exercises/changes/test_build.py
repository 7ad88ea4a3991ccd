"""The pieces that rules are written with."""

import ast

import pytest

from course_nn.exercises.changes.build import called, code, number, renamed, subject, with_keywords


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize(
    ("text", "name", "array"),
    [
        ("a.sum(axis=0)", "sum", "a"),
        ("np.sum(a)", "sum", "a"),
        ("len(a)", "len", "a"),
        ("a", "", ""),
    ],
)
def test_what_is_called_and_on_what(text, name, array) -> None:
    node = expression(text)
    assert called(node) == name
    if name:
        assert ast.unparse(subject(node)) == array


def test_calls_with_other_names_and_keywords() -> None:
    node = expression("a.sum(axis=0, keepdims=True)")
    assert ast.unparse(renamed(node, "mean")) == "a.mean(axis=0, keepdims=True)"
    assert ast.unparse(with_keywords(node, axis=number(1))) == "a.sum(keepdims=True, axis=1)"
    assert ast.unparse(with_keywords(node, axis=None)) == "a.sum(keepdims=True)"
    assert ast.unparse(node) == "a.sum(axis=0, keepdims=True)"


def test_long_code_is_cut_and_numbers_keep_their_sign() -> None:
    assert len(code(expression(" + ".join("abcdefghijklmnopqrstuvwxyz")))) <= 48
    assert ast.unparse(number(-2)) == "-2"
