"""Semantic versions: their order, and whether one is far enough above another."""

from __future__ import annotations

import re
from dataclasses import dataclass

from threatgraph.errors import ThreatGraphError

_NUMBER = r"(0|[1-9]\d{0,8})"
_PRE = r"(?:0|[1-9]\d{0,8}|\d*[A-Za-z-][0-9A-Za-z-]*)"
# The grammar of https://semver.org/spec/v2.0.0.html, with numbers of up to 9 digits.
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_PRE}(?:\.{_PRE})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version."""

    text: str
    core: tuple[int, int, int]
    """The major, minor and patch number."""
    pre: tuple[str, ...] = ()
    """The identifiers of a pre-release, such as ``("rc", "1")``."""

    def __str__(self) -> str:
        return self.text

    @property
    def precedence(self) -> tuple[object, ...]:
        """A sort key: a pre-release is before its release, and numbers are before words (section 11)."""
        return self.core, not self.pre, tuple((not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in self.pre)

    def allows(self, step: str, old: Version) -> bool:
        """Return whether changes since an old version may be in this one.

        Args:
            step: the step that the changes call for: ``major``, ``minor``, ``patch`` or ``none``.
            old: the old version, which is lower. A pre-release of this version allows any step, since the step from
                the version before it is not known.
        """
        length = {"major": 1, "minor": 2}.get(step, 3)
        return self.core == old.core or self.core[:length] > old.core[:length]


def parse(text: str) -> Version:
    """Read a semantic version.

    Raises:
        ThreatGraphError: if the text is not one.
    """
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ThreatGraphError(f"{text!r} is not a valid semantic version, such as 1.2.0 or 1.2.0-rc.1 (semver.org).")
    major, minor, patch, pre = found.groups()
    return Version(text, (int(major), int(minor), int(patch)), tuple(pre.split(".")) if pre else ())
