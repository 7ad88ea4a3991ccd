"""matplotlib is imported when something of it is asked for."""

import pytest

from tests.live.cells import run


@pytest.mark.parametrize("part", ["figure", "backends.backend_svg"])  # it came along, or did not
def test_a_part_of_matplotlib_may_be_asked_for_first(part: str) -> None:
    first = f"import sys\nimport matplotlib.pyplot as plt\nimport matplotlib.{part} as part"
    one = "isinstance(plt.figure(), sys.modules['matplotlib.figure'].Figure)"
    shown = run(first, f"part is sys.modules['matplotlib.{part}'] and {one}")
    assert shown[1] == ["text", "True"]
