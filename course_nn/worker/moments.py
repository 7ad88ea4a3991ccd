"""The names as they stood when a task was checked: what a later cell makes of them costs nothing.

A check runs where its cell stands, and there its answer was seen to be right. A helper of the same
name in a later task, a loop over `k` or a `del np` would change what it meets when it is graded.
"""

import builtins
import dis
import types
from collections.abc import Collection, Mapping
from typing import Any

BUILT_IN = frozenset(vars(builtins))
NOTHING = object()  # what a name is that is not there


class Moment:
    """What a function could see when its check was given it.

    >>> space = {"k": 3}
    >>> exec("def f(x): return k * x", space)
    >>> then = Moment(space["f"], space)
    >>> space["k"] = 9
    >>> then.changed(space), then.bound(space)["f"](2)
    ({'k'}, 6)
    """

    def __init__(
        self, function: Any, space: Mapping[str, Any], stubs: Collection[str] = ()
    ) -> None:
        self.function = function
        self.names = {name: value for name, value in space.items() if name not in stubs}

    def changed(self, space: dict[str, Any]) -> set[str]:
        """The names that the function uses, itself or by others, and that mean another thing."""
        left, seen, found = [self.function], set[str](), set[str]()
        while left:
            one = left.pop()
            for name in _used(one.__code__) - seen if _is_theirs(one, space) else ():
                seen.add(name)
                then, now = self.names.get(name, NOTHING), space.get(name, NOTHING)
                known = then is not NOTHING or name in BUILT_IN
                if known and then is not now:
                    found.add(name)
                left.append(then)
        return found

    def bound(self, space: dict[str, Any]) -> dict[str, Any]:
        """The names as they stood, and what came later beside them; functions see those."""
        later = {k: v for k, v in space.items() if k not in BUILT_IN}
        around = {**later, **self.names}
        for name, value in around.items():
            if _is_theirs(value, space):
                around[name] = remade(value, around)
        return around


def remade(function: types.FunctionType, around: dict[str, Any]) -> types.FunctionType:
    """The same function among other names."""
    code, given = function.__code__, function.__defaults__
    made = types.FunctionType(code, around, function.__name__, given, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__dict__.update(function.__dict__)
    return made


def _is_theirs(value: Any, space: dict[str, Any]) -> bool:
    """Whether it is a plain function that sees the notebook's names."""
    return type(value) is types.FunctionType and value.__globals__ is space


def _used(code: types.CodeType) -> set[str]:
    """The names that a code, and what is defined in it, takes from around it."""
    found = {
        one.argval for one in dis.get_instructions(code)
        if one.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }  # fmt: skip
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return found.union(*map(_used, inner))
