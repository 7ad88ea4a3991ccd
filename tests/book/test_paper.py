"""The book on paper: two planted pages, printed by Chromium and bound."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

from . import building
from .looking import program

TOOLS = Path(__file__).parents[2] / "tools"
MOVING = """
page.moving(
    lambda figure, k: figure.text(0.5, 0.5, ["frame one", "frame two"][k]),
    ["the first", "the sec" "ond"], alt="two words",
)
"""
FIRST = f"""# A first page

It leads to {{doc}}`two`, to {{eq}}`eq-two-a` and to {{ref}}`its place <place>`.

```{{code-cell}} ipython3
:tags: [hide-input]

from course_nn import page
page.style()
secret = "how it is drawn"
```

```{{code-cell}} ipython3
{MOVING.strip()}
```

**1.** Recall.

```{{dropdown}} Solution
The solution is open.
```
"""
SECOND = """# The second page

## Its beginning

$$
a = \\frac{b}{c}
$$ (eq-two-a)

(place)=
## Its place

"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def paper() -> ModuleType:
    """The press for paper, where there is a browser to print with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(TOOLS)
        module = importlib.import_module("press.paper")
    if program() is None:
        pytest.skip("no Chromium on PATH: install it to print the book (apt install chromium)")
    return module


@pytest.fixture(scope="module")
def bound(paper: ModuleType, tmp_path_factory: pytest.TempPathFactory):
    """The PDF of a book of two pages, read."""
    pypdf = pytest.importorskip("pypdf")
    folder = tmp_path_factory.mktemp("paper")
    text = "\n\n".join(f"Line {k} of many." for k in range(60))
    code = "\n".join(f"row_{k} = {k}" for k in range(55))
    text += f"\n\n```python\n{code}\n```\n"
    building.lay_out(folder, {"one": FIRST, "two": SECOND + text}, title="Two pages")
    html, complaints = building.build(folder)
    assert not complaints
    target = folder / "book.pdf"
    told: list[str] = []
    count = paper.make(html, folder / "_toc.yml", folder / "_config.yml", target, told.append)
    assert told == [f"pdf: {count} pages: open {target}"]
    reader = pypdf.PdfReader(target)
    assert len(reader.pages) == count
    return reader


def texts(reader) -> list[str]:
    """The words on each page."""
    return [page.extract_text() for page in reader.pages]


def test_the_pages_follow_a_title_and_a_table_of_contents(bound) -> None:
    title, contents, first, second, *_ = texts(bound)
    assert "Two pages" in title
    assert "The course-nn authors" in title
    assert contents.split() == ["Contents", "A", "first", "page", "3", "The", "second", "page", "4"]
    assert first.startswith("A first page")
    assert second.startswith("The second page")


def test_every_page_after_the_first_ones_has_its_number_and_title(bound) -> None:
    found = texts(bound)
    assert len(found) > 4  # the second page is longer than a sheet
    for number, words in enumerate(found[2:], start=3):
        title = "A first page" if number == 3 else "The second page"
        assert words.split()[-1] == str(number)
        assert words.rstrip().removesuffix(str(number)).rstrip().endswith(title)


def test_solutions_are_open_and_a_moving_figure_shows_its_first_frame(bound) -> None:
    first = texts(bound)[2]
    assert "The solution is open." in first
    assert "how it is drawn" not in first  # a folded cell stays folded
    assert "the second" not in first


def test_long_code_begins_where_the_text_ends_and_goes_over_the_page(bound) -> None:
    begun = next(words for words in texts(bound) if "Line 59 of many" in words)
    assert "row_0 " in begun
    assert "row_54 " not in begun


def test_formulas_are_typeset(bound) -> None:
    assert "frac" not in "".join(texts(bound))
    assert "(1)" in texts(bound)[3]


def test_the_outline_names_the_pages_and_their_sections(bound) -> None:
    first, second, sections = bound.outline
    assert [first.title, second.title] == ["A first page", "The second page"]
    assert [s.title for s in sections] == ["Its beginning", "Its place"]
    assert bound.get_destination_page_number(second) == 3


def test_links_lead_to_places_inside_of_the_file(bound) -> None:
    annotations = [a.get_object() for page in bound.pages for a in page.get("/Annots") or []]
    assert not [a for a in annotations if "127.0.0.1" in str(a.get("/A", ""))]
    first = [a.get_object() for a in bound.pages[2]["/Annots"]]
    tops = {float(a["/Dest"][3]) for a in first if "/Dest" in a}
    pages = {bound.get_page_number(a["/Dest"][0].get_object()) for a in first if "/Dest" in a}
    assert 3 in pages
    assert len(tops) >= 3  # the top of the page, its equation, its section


def test_parts_are_known_by_their_captions(paper: ModuleType) -> None:
    part = {"caption": "One", "chapters": [{"file": "b", "sections": [{"file": "c"}]}]}
    found = paper.contents({"root": "a", "parts": [part, {"chapters": [{"file": "d"}]}]})
    assert found == [("", "a"), ("One", "b"), ("One", "c"), ("", "d")]


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("b.html#x", ("part/b", "x")),
        ("../c.html", ("c", "")),
        ("#y", ("part/a", "y")),
        ("https://example.org/c.html", None),
    ],
)
def test_a_link_is_followed_from_its_page(paper: ModuleType, link: str, target) -> None:
    assert paper.place("part/a", link) == target
