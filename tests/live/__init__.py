"""The pages whose cells run in the reader's browser."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tools"))  # behind all others: a `book` lies there
