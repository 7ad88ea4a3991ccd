"""What a cell raises, as a reader of the page is told it."""

import re
import traceback

# A line for IPython, where Python finds none of its own: %time, !ls, x = !ls, np.sum?
IPYTHON = re.compile(r"\s*([%!?]|\w+\s*=\s*[%!])|[\s\w.]+\?+\s*$")
HERE = "numpy, matplotlib, tqdm, course_nn and Python's own library"


def told(error: BaseException, code: str) -> str:
    """What was raised, from the cell's own line on: the frames above it are the kernel's."""
    if isinstance(error, SyntaxError) and (line := of_ipython(error, code)):
        return (
            f"SyntaxError: {line!r} is written for IPython, and this page runs plain Python: "
            "leave the line out here. In Jupyter it works."
        )
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith("<cell"):
        trace = trace.tb_next
    lines = traceback.format_exception(type(error), error, trace)
    return "\n".join(["".join(lines).strip(), *lacking(error)])


def of_ipython(error: SyntaxError, code: str) -> str:
    """The line that cannot be read, where it is a command to IPython or the shell."""
    lines = code.splitlines()[: error.lineno or 0]
    return lines[-1].strip() if lines and IPYTHON.match(lines[-1]) else ""


def lacking(error: BaseException) -> list[str]:
    """What a browser's Python has not, where that is why."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        name = error.name.partition(".")[0]
        return [f"This page's Python has no {name}; it has {HERE}. In Jupyter it can be installed."]
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return ["A browser's Python has no threads. In Jupyter it has."]
    return []
