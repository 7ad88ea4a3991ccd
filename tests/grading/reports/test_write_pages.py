"""All reports together: who gets which file, and that nobody gets another's."""

from dataclasses import replace

import pytest

from course_nn.grading import reports
from course_nn.grading.collect.names import safe_name
from course_nn.grading.reports import write_pages

from .reading import EVIL, Page


def named(grade, name):
    return replace(grade, record=replace(grade.record, student=name))


def test_everyone_has_a_page_and_a_text_and_the_instructor_three_files(grades, code, tmp_path):
    table = write_pages(tmp_path, grades, {}, code, note="in a sandbox")
    assert table == tmp_path / "grades.csv"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "class.html", "feedback", "grades.csv", "similarity.html",
    ]  # fmt: skip
    assert {path.name for path in (tmp_path / "feedback").iterdir()} == {
        f"{grade.record.student}.{kind}" for grade in grades for kind in ("html", "txt")
    }
    assert "in a sandbox" in (tmp_path / "class.html").read_text()


@pytest.mark.parametrize("evil", [*EVIL, "../../x", "/etc/passwd", "a/b", "con", ".", "", "Ada"])
def test_a_name_stays_a_name_and_its_link_leads_to_its_page(grades, code, tmp_path, evil):
    both = [named(grades[0], evil), named(grades[1], "ada")]
    write_pages(tmp_path, both, {}, code)
    files = {path.name for path in (tmp_path / "feedback").iterdir()}
    assert files == {f"{safe_name(n)}.{kind}" for n in (evil, "ada") for kind in ("html", "txt")}
    page = Page((tmp_path / "class.html").read_text())
    assert page.faults == []
    links = {attrs["href"] for tag, attrs in page.elements if tag == "a"}
    assert f"feedback/{safe_name(evil)}.html" in links


def test_the_table_is_written_last(grades, code, tmp_path, monkeypatch):
    log = tmp_path / "log"  # a file, for two processes write

    def note(path, text):
        with log.open("a") as file:
            file.write(f"{path.name}\n")

    monkeypatch.setattr(reports, "write", note)
    write_pages(tmp_path, grades[:1], {}, code)
    written = log.read_text().splitlines()
    assert written[-1] == "grades.csv"
    assert len(written) == 5


def test_a_place_that_cannot_be_written_is_an_error(grades, code, tmp_path):
    (tmp_path / "feedback").write_text("a file")
    with pytest.raises(OSError, match="feedback"):
        write_pages(tmp_path, grades, {}, code)


def test_labels_and_the_books_address_reach_the_students(grades, code, tmp_path):
    fault = next(t.first_fault for t in grades[0].record.tasks if t.first_fault)
    write_pages(
        tmp_path, grades[:1], {fault.answer: "Look again."}, code, book="https://book.example"
    )
    page = (tmp_path / "feedback" / f"{grades[0].record.student}.html").read_text()
    assert "Look again." in page
    assert "https://book.example/layers/dense.html#" in page


def test_an_empty_class_is_written_too(code, tmp_path):
    write_pages(tmp_path, [], {}, code)
    assert (tmp_path / "grades.csv").read_text().count("\n") == 1


def test_copies_are_counted_on_the_class_page(grades, code, tmp_path):
    long = [f"z{k} = np.sum(x * {k}) + np.mean(y - {k})" for k in range(30)]
    two = [named(grades[0], "one"), named(grades[0], "two")]
    write_pages(tmp_path, two, {}, lambda content: long)
    assert "Answers that are alike: 1 pair" in (tmp_path / "class.html").read_text()
    assert "one and two" in (tmp_path / "similarity.html").read_text()


def test_much_code_before_the_answers_hides_no_copy(grades, code, tmp_path):
    filler = [f"a{k} = {k}" * 3 for k in range(9000)]
    name = grades[0].record.tasks[0].name
    lines = "\n".join(f"    z{k} = np.sum(x * {k}) + np.mean(x - {k})" for k in range(30))
    given = {"one": [f"def {name}(x):\n{lines}"], "two": [*filler, f"def {name}(y):\n{lines}"]}
    two = [replace(g, record=replace(g.record, student=n, content=n))
           for n, g in zip(given, grades[:2], strict=True)]  # fmt: skip
    found, count = reports.compared(two, given.__getitem__)
    assert count == 2
    assert [(pair.first, pair.other) for pair in found.pairs] == [("one", "two")]
