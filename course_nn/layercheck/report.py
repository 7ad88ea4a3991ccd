"""What a check of a layer found."""

from dataclasses import dataclass, field


class Fault(Exception):
    """What is wrong with a layer, in one sentence."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what : that is asked of a layer.
    said : the fault, or what was found.
    passed : True, False, or None where it could not be looked at.
    """

    what: str
    said: str
    passed: bool | None

    def __str__(self) -> str:
        mark = {True: "ok  ", False: "FAIL", None: "–   "}[self.passed]
        return f"  {mark} {self.what}" + (f": {self.said}" if self.said else "")


@dataclass(frozen=True)
class LayerReport:
    """What `check_layer` found; it prints itself.

    Attributes
    ----------
    layer : what was judged, as text.
    findings : in the order in which they were looked at.
    """

    layer: str
    findings: list[Finding] = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether no fault was found."""
        return all(finding.passed for finding in self.findings)

    @property
    def faults(self) -> list[str]:
        """The sentences of what is wrong."""
        return [finding.said for finding in self.findings if finding.passed is False]

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        return "\n".join([f"{self.layer}: layer check {verdict}", *map(str, self.findings)])

    __repr__ = __str__
