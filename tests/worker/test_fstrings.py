"""f-strings of newer notebooks are read by any Python, and give the same text."""

import ast
import random

import pytest

from course_nn.worker.fstrings import older

SPACE = {"a": {"k": 2.5}, "names": ["b", "c"], "x": 7, "w": 9}
NEWER = {  # what Python 3.12 prints for them
    """f"{", ".join(names)}" """: "b, c",
    """f"{a["k"]:.2f} and {"yes" if x else "no"}" """: "2.50 and yes",
    """f'{a['k']}' """: "2.5",
    r"""f"{'\n'.join(names)}" """: "b\nc",
    r"""f"{"\t".join(names)}!" """: "b\tc!",
    r"""f'{"\"'é".join(names)}' """: "b\"'éc",
    """f"{f"{x}"}" """: "7",
    """f"{f"{a["k"]}"}" """: "2.5",
    """f"{x:>{len("four")}}" """: "   7",
    """f"{{{"in"}}}" """: "{in}",
    """f"{
        x
    }" """: "7",
    r"""rf"\d{a["k"]}" """: r"\d2.5",
    r"""f"it\"s {a["k"]}" """: 'it"s 2.5',
    r"""f"{a["k"]}\"" """: '2.5"',
    r"""f"{"\
"}." """: ".",
}
SAME = [  # what any Python reads stays as it is
    """f"{x}" # f"{"a" """,
    """'f"{' + f'{x:{w}}' """,
    """f"{a['k']!r:>9}" + "{x["k"]}" """,
    '''f"""{a["k"]} "so" {x}""" ''',
    """rb"\\d" + b"{" """,
    """f"{{"a"}}" """,  # none reads this
    """f"{x """,
]


@pytest.mark.parametrize(("text", "printed"), NEWER.items(), ids=NEWER)
def test_it_gives_what_a_newer_python_prints(text: str, printed: str) -> None:
    assert eval(older(text).strip(), dict(SPACE)) == printed


@pytest.mark.parametrize("text", SAME)
def test_all_else_stays_as_it_is(text: str) -> None:
    assert older(text) == text


def test_several_lines_keep_their_numbers() -> None:
    text = 'a = 1\nprint(f"{a["k"]}")\n\n# f"{\nb = f"{"\\n".join(names)}"\n1 / 0\n'
    changed = older(text)
    assert changed.count("\n") == text.count("\n")
    assert ast.parse(changed).body[-1].lineno == 6


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_whatever_stands_there_comes_back() -> None:
    """No text raises anything, and one that Python reads already means the same afterwards."""
    draw = random.Random(5)
    signs = [
        "f",
        '"',
        "'",
        '"""',
        "{",
        "}",
        "\\",
        "#",
        "\n",
        "x",
        "(",
        ")",
        " ",
        "r",
        "[",
        "]",
        ":",
    ]
    for _ in range(20_000):
        text = "".join(draw.choices(signs, k=draw.randrange(1, 16)))
        changed = older(text)
        try:
            before = ast.dump(ast.parse(text))
        except (SyntaxError, ValueError):
            continue
        assert ast.dump(ast.parse(changed)) == before, text


@pytest.mark.parametrize(
    "part", ['f"{', "f'{'", '"""', "'''\\", 'f"""{', "{", 'f"', '"\\', "(", "a"]
)
def test_a_long_text_is_read_once(part: str) -> None:
    """One that was looked at again and again would take hours."""
    assert isinstance(older(part * (200_000 // len(part))), str)
