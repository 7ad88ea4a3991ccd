"""The judge, judged: what it must measure, what it must fail, and what it must let pass."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.cases")
