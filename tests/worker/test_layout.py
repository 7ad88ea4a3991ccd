"""Arrays laid out in memory as others are."""

import numpy as np
import pytest

from course_nn.worker.layout import lay_out, layout_of


@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_the_order_in_memory_is_kept(layout):
    value = lay_out(np.arange(12.0).reshape(3, 4), layout)
    assert layout_of(value) == layout
    assert value.tolist() == np.arange(12.0).reshape(3, 4).tolist()


def test_what_is_laid_out_is_a_copy():
    value = np.ones(2)
    lay_out(value, "C")[:] = 3
    assert value.tolist() == [1, 1]
    assert lay_out(np.array(2.0), "strided").ndim == 0
