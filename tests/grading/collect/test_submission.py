"""A submission is plain data that another process can read."""

import pickle

import pytest

from course_nn.grading.collect import Submission, Unreadable, source_of


def test_a_submission_crosses_to_another_process(tmp_path):
    (tmp_path / "n.ipynb").write_bytes(b"{}")
    submission = Submission("ada", source_of(tmp_path / "n.ipynb"), said=("late",))
    again = pickle.loads(pickle.dumps(submission))
    assert again == submission
    assert again.read() == b"{}"


def test_where_nothing_is_to_be_read_it_says_so():
    with pytest.raises(Unreadable, match="nothing was handed in"):
        pickle.loads(pickle.dumps(Submission("ada"))).read()
