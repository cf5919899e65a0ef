"""Content negotiation: by suffix, ``format=`` or ``Accept`` (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_PARAMETER = re.compile(r";\s*([!#$%&'*+.^_`|~\w-]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^;,\s]*)")
_MOST = 100
"""Ranges of an ``Accept`` header that are read; browsers send fewer than ten."""


class Form(NamedTuple):
    """A form that an answer can have."""

    name: str
    """The name for ``format=``, which is also the suffix of a path."""
    media_type: str
    """The media type of the answer, without parameters."""
    also: tuple[str, ...] = ()
    """Other media types that clients use for it, and other names for ``format=``."""

    @property
    def content_type(self) -> str:
        """The ``Content-Type`` header."""
        text = self.media_type.startswith("text/")
        return f"{self.media_type}; charset=utf-8" if text else self.media_type


class _Range(NamedTuple):
    kind: str
    quality: float


def choose(accept: str | None, forms: Sequence[Form]) -> Form | None:
    """Choose the form that a client prefers; of equally good ones, the first.

    Args:
        accept: the ``Accept`` header; ``None`` or empty accepts everything.
        forms: the forms that exist, the default first.

    Returns:
        The form, or ``None`` if the client accepts none of them.
    """
    ranges = _ranges(accept or "")
    if not ranges:
        return forms[0]
    best, found = 0.0, None
    for form in forms:
        # A range such as text/* means the type itself, and not the others that it goes by.
        others = (entry.quality for entry in ranges if entry.kind in form.also)
        quality = max(_quality(ranges, form.media_type), *others, 0.0)
        if quality > best:
            best, found = quality, form
    return found


def named(name: str, forms: Iterable[Form]) -> Form | None:
    """Return the form with a name, or with a media type."""
    wanted = name.strip().lower()
    return next((form for form in forms if wanted in (form.name, form.media_type, *form.also)), None)


def accepts_gzip(accept: str | None) -> bool:
    """Whether a client accepts answers that are compressed with gzip, by its ``Accept-Encoding`` header."""
    qualities = dict(reversed(_weighted(accept or "")))
    return qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0))) > 0


def _ranges(accept: str) -> list[_Range]:
    found = []
    for name, quality in _weighted(accept):
        kind = "*/*" if name == "*" else name  # sent by some Java clients for */*
        if "/" in kind:
            found.append(_Range(kind, quality))
    return found


def _weighted(header: str) -> list[tuple[str, float]]:
    """The values of a header with their qualities."""
    found = []
    for part in header.split(",")[:_MOST]:
        parameters = {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(part)}
        found.append((part.partition(";")[0].strip().lower(), _number(parameters.get("q", "1"))))
    return found


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return min(max(value, 0.0), 1.0) if value == value else 1.0


def _quality(ranges: Sequence[_Range], kind: str) -> float:
    """The quality of the most specific range that a media type is in; 0 if there is none."""
    group = kind.partition("/")[0]
    for wanted in (kind, f"{group}/*", "*/*"):
        found = [entry.quality for entry in ranges if entry.kind == wanted]
        if found:
            return max(found)
    return 0.0
