"""Tests of the plain twins: against the judge, the fast ops, and the loops of `reference`."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.agreement")
