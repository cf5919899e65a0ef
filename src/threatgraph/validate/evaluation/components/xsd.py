"""The lexical forms of XML Schema 1.1 part 2 and the order of their values.

RDF does not apply the whitespace processing of XML Schema, so the full text of a literal must match.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple
from xml.parsers import expat

from threatgraph.vocab import PREFIXES, XSD

_RDF = PREFIXES["rdf"]
_START = (
    r":A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F\u2C00-\u2FEF"
    r"\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_NAME = _START + r"\-.0-9\u00B7\u0300-\u036F\u203F\u2040"
_UNCOLONED = f"[{_START[1:]}][{_NAME.replace(':', '', 1)}]*"
_ZONE = r"(?P<zone>Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_YEAR = r"(?P<year>-?(?:[1-9][0-9]{3,}|0[0-9]{3}))"
_MONTH, _DAY = r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9](?:\.[0-9]+)?)"
_TIME += r"|(?P<end>24:00:00(?:\.0+)?))"
_DAYS = r"(?:(?P<days>[0-9]+)D)?(?:T(?=[0-9])(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?"
_DAYS += r"(?:(?P<seconds>[0-9]+(?:\.[0-9]+)?)S)?)?"
_MONTHS = r"(?:(?P<years>[0-9]+)Y)?(?:(?P<months>[0-9]+)M)?"
_SIGN = r"(?P<sign>-)?P(?=[0-9T])"
_FLOAT = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?|[+-]?INF|NaN"
_COLLAPSED = r"(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?"
_BASE64 = (
    r"(?:(?:[A-Za-z0-9+/] ?){4})*(?:(?:[A-Za-z0-9+/] ?){3}[A-Za-z0-9+/]"
    r"|(?:[A-Za-z0-9+/] ?){2}[AEIMQUYcgkosw048] ?=|[A-Za-z0-9+/] ?[AQgw] ?= ?=)?"
)
_INTEGER = r"[+-]?[0-9]+"
_FORMS = {
    "boolean": "true|false|1|0",
    "decimal": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)",
    "float": _FLOAT,
    "double": _FLOAT,
    "date": f"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}",
    "dateTime": f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE}",
    "dateTimeStamp": f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}{_ZONE[:-1]}",
    "time": f"{_TIME}{_ZONE}",
    "gYear": f"{_YEAR}{_ZONE}",
    "gYearMonth": f"{_YEAR}-{_MONTH}{_ZONE}",
    "gMonth": f"--{_MONTH}{_ZONE}",
    "gMonthDay": f"--{_MONTH}-{_DAY}{_ZONE}",
    "gDay": f"---{_DAY}{_ZONE}",
    "duration": _SIGN + _MONTHS + _DAYS,
    "yearMonthDuration": _SIGN + _MONTHS,
    "dayTimeDuration": _SIGN + _DAYS,
    "hexBinary": "(?:[0-9A-Fa-f]{2})*",
    "base64Binary": _BASE64,
    "normalizedString": r"[^\t\n\r]*",
    "token": _COLLAPSED,
    "language": "[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*",
    "Name": f"[{_START}][{_NAME}]*",
    "NCName": _UNCOLONED,
    "NMTOKEN": f"[{_NAME}]+",
    "QName": f"(?:{_UNCOLONED}:)?{_UNCOLONED}",
}
#: The types derived from ``xsd:integer``, with their minimum and maximum.
_RANGES: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    **{name: (-(2**bits), 2**bits - 1) for name, bits in (("long", 63), ("int", 31), ("short", 15), ("byte", 7))},
    **{f"unsigned{name}": (0, 2**bits - 1) for name, bits in (("Long", 64), ("Int", 32), ("Short", 16), ("Byte", 8))},
}
_PATTERNS = {name: re.compile(form) for name, form in (_FORMS | dict.fromkeys(_RANGES, _INTEGER)).items()}
_STRINGS = frozenset("string normalizedString token language Name NCName NMTOKEN".split())
_NUMBERS = _RANGES.keys() | {"decimal", "float", "double"}
_DURATIONS = frozenset({"duration", "yearMonthDuration", "dayTimeDuration"})
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
#: The reference dates for comparing two durations (XML Schema 1.1 part 2, section 3.3.6.1).
_REFERENCES = ((1696, 9), (1697, 2), (1903, 3), (1903, 7))
_MINUTE, _DAY_SECONDS = 60, 86_400
#: The maximum length of a date or duration, since Python limits the number of digits of an integer.
_MAX_LENGTH = 4_000
_MAX_OFFSET = 14 * 3600


class Value(NamedTuple):
    """A value that is comparable with values of the same kind."""

    kind: str
    """``number``, ``string``, ``boolean``, ``duration``, or the local name of a date or time datatype."""
    content: tuple[object, ...]
    """The parts to compare: see :func:`order`."""


@lru_cache(maxsize=16_384)
def is_well_formed(datatype: str, text: str) -> bool:
    """Whether a text is in the lexical space of a datatype.

    Args:
        datatype: the IRI of the datatype; every text is valid for an unknown datatype.
        text: the lexical form of a literal.
    """
    if datatype in _MARKED_UP:
        return _MARKED_UP[datatype](text)
    name = datatype.removeprefix(XSD) if datatype.startswith(XSD) else ""
    pattern = _PATTERNS.get(name)
    if pattern is None:
        return True
    match = pattern.fullmatch(text)
    if match is None or ("day" in match.groupdict() and not _has_day(match)):
        return False
    least, most = _RANGES.get(name, (None, None))
    number = Decimal(text) if least is not None or most is not None else None
    return number is None or ((least is None or number >= least) and (most is None or number <= most))


@lru_cache(maxsize=16_384)
def read_value(datatype: str, text: str) -> Value | None:
    """The value of a literal; ``None`` if it is ill-typed or very long, or if its datatype has no order."""
    name = datatype.removeprefix(XSD) if datatype.startswith(XSD) else ""
    if name in _STRINGS:
        return Value("string", (text,)) if is_well_formed(datatype, text) else None
    pattern = _PATTERNS.get(name)
    match = pattern.fullmatch(text) if pattern is not None and is_well_formed(datatype, text) else None
    if match is None or (len(text) > _MAX_LENGTH and name not in _NUMBERS):
        return None
    if name in _NUMBERS:
        return Value("number", (name if name in ("float", "double") else "decimal", _number(name, text)))
    if name == "boolean":
        return Value(name, (text in ("true", "1"),))
    if name in _DURATIONS:
        return Value("duration", _duration(match))
    if "zone" not in match.re.groupindex:
        return None
    return Value(name.removesuffix("Stamp"), _moment(match))


def order(one: Value, other: Value) -> int | None:
    """Compare two values.

    Returns:
        A negative number, zero or a positive number; ``None`` if they are not comparable: values of different
        kinds, ``NaN``, times with and without a time zone that are less than 14 hours apart, and durations such as one
        month and thirty days.
    """
    if one.kind != other.kind:
        return None
    compare = _COMPARE.get(one.kind)
    if compare is not None:
        return compare(one.content, other.content)
    if one.kind in ("string", "boolean"):
        return _sign(one.content[0], other.content[0])
    return _order_moments(one.content, other.content)


def _sign(one: object, other: object) -> int | None:
    if one == other:
        return 0
    return -1 if one < other else 1 if one > other else None  # type: ignore[operator]


def _has_day(match: re.Match[str]) -> bool:
    """Whether the day of a date exists in its month; without a year, in a leap year."""
    found = match.groupdict()
    # The last four digits determine whether a year is a leap year.
    year, month = int((found.get("year") or "2000")[-4:]), found.get("month")
    return month is None or int(found["day"]) <= _days_in(year, int(month))


def _days_in(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if leap and month == 2 else _LENGTHS[month - 1]


def _number(name: str, text: str) -> object:
    if name not in ("float", "double"):
        return Decimal(text)
    value = float(text.replace("INF", "inf"))
    if name == "double":
        return value
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _order_numbers(one: tuple[object, ...], other: tuple[object, ...]) -> int | None:
    """Compare numbers after type promotion (XPath 2.0, section B.1): a decimal becomes a float or double."""
    types = {one[0], other[0]}
    values = [one[1], other[1]]
    if types != {"decimal"}:
        name = "double" if "double" in types else "float"
        values = [_number(name, str(value)) if isinstance(value, Decimal) else value for value in values]
    return _sign(*values)


def _duration(match: re.Match[str]) -> tuple[object, ...]:
    found = match.groupdict()
    amount = {
        name: Fraction(found.get(name) or 0) for name in ("years", "months", "days", "hours", "minutes", "seconds")
    }
    sign = -1 if found["sign"] else 1
    seconds = amount["days"] * _DAY_SECONDS + amount["hours"] * 3600 + amount["minutes"] * _MINUTE + amount["seconds"]
    return sign * int(amount["years"] * 12 + amount["months"]), sign * seconds


def _order_durations(one: tuple[object, ...], other: tuple[object, ...]) -> int | None:
    signs = {_sign(_after(reference, one), _after(reference, other)) for reference in _REFERENCES}
    return signs.pop() if len(signs) == 1 else None


def _after(reference: tuple[int, int], duration: tuple[object, ...]) -> object:
    months, seconds = duration
    year, month = divmod(reference[0] * 12 + reference[1] - 1 + int(months), 12)  # type: ignore[call-overload]
    return _day_number(year, month + 1, 1) * _DAY_SECONDS + seconds  # type: ignore[operator]


def _moment(match: re.Match[str]) -> tuple[object, ...]:
    """The time in seconds and the time zone offset in seconds; missing parts have fixed defaults."""
    found = match.groupdict()
    year, month = int(found.get("year") or 1972), int(found.get("month") or 12)
    day = int(found.get("day") or 1)
    seconds = Fraction(_day_number(year, month, day) * _DAY_SECONDS)
    if found.get("end"):
        # 24:00 on a date is the start of the next day; without a date, it is midnight.
        seconds += _DAY_SECONDS if found.get("year") else 0
    elif found.get("hour"):
        seconds += int(found["hour"]) * 3600 + int(found["minute"]) * _MINUTE + Fraction(found["second"])
    zone = found["zone"]
    if zone is None or zone == "Z":
        return seconds, None if zone is None else 0
    offset = int(zone[1:3]) * 3600 + int(zone[4:6]) * _MINUTE
    return seconds, -offset if zone[0] == "-" else offset


def _day_number(year: int, month: int, day: int) -> int:
    """The number of days since 0000-03-01 in the proleptic Gregorian calendar."""
    year -= month <= 2
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * ((month - 3) % 12) + 2) // 5 + day - 1


def _order_moments(one: tuple[object, ...], other: tuple[object, ...]) -> int | None:
    (left, left_zone), (right, right_zone) = one, other
    if (left_zone is None) == (right_zone is None):
        return _sign(left - (left_zone or 0), right - (right_zone or 0))  # type: ignore[operator]
    if left_zone is None:
        found = _order_moments(other, one)
        return None if found is None else -found
    difference = left - left_zone - right  # type: ignore[operator]
    return None if abs(difference) <= _MAX_OFFSET else _sign(difference, 0)


_COMPARE: dict[str, Callable[[tuple[object, ...], tuple[object, ...]], int | None]] = {
    "number": _order_numbers,
    "duration": _order_durations,
}


def _is_xml(text: str) -> bool:
    """Whether a text is well-formed content of an XML element."""
    parser = expat.ParserCreate()
    try:
        parser.Parse(f"<content>{text}</content>", True)
    except expat.ExpatError:
        return False
    return True


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


_MARKED_UP: dict[str, Callable[[str], bool]] = {f"{_RDF}XMLLiteral": _is_xml, f"{_RDF}JSON": _is_json}
