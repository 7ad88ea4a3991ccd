"""The commands around grading."""

from .shared import call, said


def test_a_class_of_thirty_is_made(tmp_path):
    result = call("demo-class", tmp_path / "class")
    assert result.exit_code == 0, result.output
    assert "a list of 30 students" in said(result)
    assert len(list((tmp_path / "class" / "submissions").iterdir())) == 30


def test_a_class_is_made_in_no_folder_that_is_in_use(tmp_path):
    (tmp_path / "mine").write_text("")
    result = call("demo-class", tmp_path)
    assert result.exit_code == 1
    assert "is not empty: name a new folder" in said(result)


def test_an_unknown_exercise_has_no_class(tmp_path):
    result = call("demo-class", tmp_path / "class", "--assignment", "ex99")
    assert result.exit_code == 2
    assert "unknown assignment 'ex99'" in said(result)
