"""Every change of a formula that students make, with the words that say it."""

from .search import Change as Change
from .search import changes as changes
from .search import pairs as pairs
