"""Dates of the graph as timestamps of RFC 3339."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?)?)?)?(Z|[+-]\d\d:\d\d)?")


def timestamp(date: str) -> str | None:
    """Return the beginning of a year, month or day, or a point in time, in UTC; ``None`` for other texts.

    Args:
        date: the lexical form of an ``xsd:gYear``, ``xsd:gYearMonth``, ``xsd:date`` or ``xsd:dateTime``.
    """
    found = _DATE.fullmatch(date)
    if found is None:
        return None
    year, month, day, time, zone = found.groups()
    text = f"{year}-{month or '01'}-{day or '01'}T{time or '00:00:00'}{'+00:00' if zone in (None, 'Z') else zone}"
    try:
        point = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # such as a month 13
        return None
    return point.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
