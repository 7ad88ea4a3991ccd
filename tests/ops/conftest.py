"""The assertions of the shared contract explain themselves as a test's own do."""

import pytest

pytest.register_assert_rewrite("contract")
