"""Tests of the layers: what all promise stands in `contract`, each module's own beside it."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.contract")
