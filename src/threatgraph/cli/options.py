"""The options that commands share, as typed objects, and the arguments that fill them.

Each command module declares a subclass of :class:`Options` with its own fields. The parser passes on only what the
user gave, so the defaults of these classes are the only ones.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Any

_LONGEST = 24 * 60 * 60
#: The formats for tables, and those for the triples of CONSTRUCT and DESCRIBE.
TABLES, TRIPLES = "threatgraph.export:TABLE_FORMATS", "threatgraph.export:TRIPLE_FORMATS"
#: The formats for answers to SPARQL queries.
RESULTS = "threatgraph.export:RESULT_FORMATS"


class Options:
    """The options that every command has: where the data comes from, and where the output goes.

    The attributes of a class are its options with their defaults; an option without a default is required.

    Args:
        given: what the user gave, by the name of the option.
    """

    # No dataclass: its module takes as long to import as the interpreter takes to start.
    data: Sequence[str] = ()
    store: str | None = None
    endpoint: str | None = None
    update_endpoint: str | None = None
    graph_store_endpoint: str | None = None
    user: str | None = None
    default_graph: str | None = None
    no_bundled: bool = False
    installed_data: bool = False
    no_color: bool = False
    output: str | None = None

    def __init__(self, **given: Any) -> None:
        vars(self).update(given)


class TableOptions(Options):
    """The options of a command that writes a table."""

    format: str = "table"
    guard_formulas: bool = False
    columns: Sequence[str] = ()


class Names:
    """The names in one or more registries, which are imported only when the names are needed.

    Args:
        registries: each ``module:attribute``, whose value is iterable; or a name by itself.
    """

    def __init__(self, *registries: str) -> None:
        self._registries = registries

    def __iter__(self) -> Iterator[str]:
        found: dict[str, None] = {}
        for registry in self._registries:
            module, colon, attribute = registry.partition(":")
            names: Iterable[str] = getattr(import_module(module), attribute) if colon else (registry,)
            found |= dict.fromkeys(names)
        return iter(found)


def add_format(parser: argparse.ArgumentParser, *registries: str, default: str) -> None:
    """Add ``--format``.

    Args:
        parser: the parser of the command.
        registries: where the names of the formats are, as in :class:`Names`.
        default: the default format, for the help.
    """
    parser.add_argument(
        "--format",
        choices=Names(*registries),
        metavar="FORMAT",
        help=f"output format: %(choices)s (default: {default})",
    )
    if TABLES in registries or RESULTS in registries:
        parser.add_argument("--columns", type=names, metavar="A,B", help="write only these columns, in this order")
        parser.add_argument(
            "--guard-formulas",
            action="store_true",
            help="in CSV and TSV, put ' before text that a spreadsheet would run as a formula",
        )


def names(text: str) -> list[str]:
    """Names separated by commas."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"must be names separated by commas, not {text!r}")
    return found


def positive_integer(text: str) -> int:
    """An integer of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a positive integer, not {text!r}")
    return number


def seconds(text: str) -> float:
    """A number of seconds above 0 and up to a day."""
    value = _number(text)
    if not 0 < value <= _LONGEST:  # false for NaN
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, at most {_LONGEST}, not {text!r}")
    return value


def share(text: str) -> float:
    """A number from 0 to 1."""
    value = _number(text)
    if not 0 <= value <= 1:  # false for NaN
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 1, not {text!r}")
    return value


def number(text: str) -> float:
    """Any number."""
    value = _number(text)
    if math.isnan(value):
        raise argparse.ArgumentTypeError(f"must be a number, not {text!r}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


EDIT_URL_HELP = "URL of the repository folder in which records are edited; their pages link to their files there"


def site_url(text: str) -> str:
    """The URL of a home page, without its last slash."""
    from threatgraph.web.links import is_site_url  # for two commands

    if not is_site_url(text):
        raise argparse.ArgumentTypeError(f"must be a URL such as https://example.org/threats, not {text!r}")
    return text.rstrip("/")


def utf8(text: str) -> str:
    """Text for the graph or for a query, which must be UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError("the text is not valid UTF-8") from None
    return text
