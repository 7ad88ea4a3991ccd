"""A line says what a task takes and gives; what cannot be read is refused in a sentence."""

import pytest

from course_nn.exercises.signature import Signature, SignatureError

CONV = "x:N,C,H,W k:F,C,R,R stride=1|2 padding=0|1 -> y:N,F,(H+2*padding-R)//stride+1,W"


def test_names_axes_kinds_and_choices() -> None:
    signature = Signature.parse("x:N,D p:N,K~ v:D+ m:N? t:N,D# labels:N<K lr k=3|5 -> loss: dx:N,D")
    kinds = {a.name: a.kind for a in signature.inputs}
    assert kinds == {
        "x": "float", "p": "shares", "v": "positive", "m": "bool", "t": "whole",
        "labels": "class", "lr": "rate", "k": "option",
    }  # fmt: skip
    assert signature.letters == ("N", "D", "K")
    assert signature.options == {"k": (3, 5)}
    assert [a.axes for a in signature.outputs] == [(), ("N", "D")]


def test_shapes_follow_from_sizes_and_options() -> None:
    signature = Signature.parse(CONV)
    sizes = {"N": 2, "C": 3, "H": 6, "W": 5, "F": 4, "R": 3}
    y = signature.outputs[0]
    assert signature.shape(y, sizes, {"stride": 2, "padding": 1}) == (2, 4, 3, 5)
    assert y.said == "(N, F, (H+2·padding-R) // stride+1, W)"
    assert signature.inputs[0].said == "(N, C, H, W)"


@pytest.mark.parametrize("more", [0, 1, 2])
@pytest.mark.parametrize("given", [{}, {"N": 3}, {"N": 2, "C": 5}])
def test_sizes_are_at_least_two_and_no_two_alike(given, more) -> None:
    sizes = Signature.parse(CONV).sizes(given, more)
    assert len(set(sizes.values())) == len(sizes)
    assert min(sizes.values()) >= 2
    assert all(sizes[letter] == size + more for letter, size in given.items())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x:N y:N", "a signature is `inputs -> outputs`"),
        ("-> y:N", "names inputs and outputs"),
        ("x:N ->", "names inputs and outputs"),
        ("x!N -> y:N", "cannot read 'x!N'"),
        ("x:N,(D -> y:N", "neither a letter nor a formula"),
    ],
)
def test_what_cannot_be_read_is_said(text, says) -> None:
    with pytest.raises(SignatureError, match=says.replace("(", r"\(")):
        Signature.parse(text)


def test_an_axis_of_an_unknown_letter_is_said() -> None:
    signature = Signature.parse("x:N -> y:Q")
    with pytest.raises(SignatureError, match="the axis 'Q'"):
        signature.shape(signature.outputs[0], {"N": 2})
