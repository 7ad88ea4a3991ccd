"""How a server is started in each kind of sandbox."""

import sys
from pathlib import Path

import pytest

from course_nn.grading.sandbox import kinds, shown


@pytest.fixture
def launch(tmp_path):
    """`launch(kind, hide…)` is how a server of this kind would be started."""

    def launch(kind, *hide):
        return kinds.BUILDERS[kind](kinds.Wish(tmp_path, shown.packages(), 7, hide))

    return launch


def test_a_plain_worker_may_read_python_and_numpy_alone(launch):
    found = launch("plain")
    assert found.cwd.name == "cwd"
    assert not any("site-packages" in p and "numpy" not in p for p in found.readable)
    course = shown.ROOM.parent
    for path in map(Path, [*found.readable, *found.listable]):
        assert path != course
        assert path not in course.parents
        assert course not in path.parents
    assert found.listable == [str(shown.stdlib())]
    assert found.view is None


def binds(found) -> list[tuple[str, str]]:
    if found.view:
        return found.view["shown"]
    command = found.command
    return [(command[i + 1], command[i + 2]) for i, c in enumerate(command) if c == "--ro-bind"]


def hidden(found) -> list[str]:
    if found.view:
        return found.view["hidden"]
    return [found.command[i + 1] for i, c in enumerate(found.command) if c == "--tmpfs"]


VIEWS = ["bwrap", "namespace"]


@pytest.mark.parametrize("kind", VIEWS)
def test_a_view_shows_python_and_numpy_alone(launch, kind, tmp_path):
    found = launch(kind)
    ours = {"/cwd": "cwd", "/room/worker": "worker"}
    for source, target in binds(found):
        if target in ours:
            assert source == str(tmp_path / ours[target])
        elif not target.startswith("/packages/numpy"):
            assert target in shown.roots()
            assert source == str(Path(target).resolve())
    assert (found.readable, found.listable) == (["/"], [])


def test_bubblewrap_is_asked_for_all_that_it_has(launch):
    command = launch("bwrap").command
    assert {"--unshare-all", "--die-with-parent", "--new-session", "--clearenv"} <= set(command)
    assert {"--bind", "--proc", "--dev"} & set(command) == set()
    assert command[command.index("--remount-ro") + 1] == "/"
    given = [command[i + 1] for i, c in enumerate(command) if c in ("--cap-drop", "--cap-add")]
    assert given == ["ALL", "CAP_SYS_ADMIN"]


@pytest.mark.parametrize("kind", VIEWS)
def test_a_view_hides_what_lies_under_a_folder_that_it_shows(launch, kind, tmp_path):
    prefix = Path(sys.base_prefix).resolve()
    under = next(path for path in (prefix / "lib").iterdir() if path.is_dir())
    found = hidden(launch(kind, under, tmp_path))
    assert str(under.resolve()) in found
    assert str(tmp_path) not in found  # it is not shown in the first place


def test_the_workers_environment_is_not_ours(launch, monkeypatch):
    monkeypatch.setenv("SECRET", "grades")
    command = launch("bwrap").command
    names = {command[i + 1] for i, c in enumerate(command) if c == "--setenv"}
    assert names == {"PATH", "LC_ALL", *kinds.MATPLOTLIB, *kinds.THREADS}
    assert names == set(kinds.ENVIRONMENT)


def test_bubblewrap_that_is_not_installed_is_said(launch, monkeypatch):
    monkeypatch.setenv("PATH", "/not/there")
    with pytest.raises(FileNotFoundError, match="bubblewrap"):
        launch("bwrap")


@pytest.mark.parametrize("kind", kinds.BUILDERS)
def test_the_program_is_python_alone_with_one_descriptor(launch, kind):
    command = launch(kind).command
    assert command[-6:-1] == [shown.interpreter(), "-I", "-S", "-B", "-c"]
    assert command[-1].endswith("main(7)\n")
