"""The replies of tools: rows as structured content and as compact text, within a limit of characters."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from threatgraph.errors import InvalidQuery, QueryTooLarge
from threatgraph.layout import beginning

DEFAULT_SIZE, LARGEST_SIZE = 8_000, 24_000
"""The maximum number of characters of the text and of the structured content: by default, and on request."""


class Rows(NamedTuple):
    """What a tool has found."""

    rows: Sequence[Mapping[str, Any]]
    """The rows for programs."""
    lines: Sequence[str]
    """The same rows as text, one entry each."""
    total: int
    """The number of rows that exist, of which these may be a part."""
    head: str = ""
    """The text before the rows."""
    note: str = ""
    """What the reader has to know, such as a corrected spelling, or why there are no rows."""
    start: int = 0
    """The number of rows before these."""
    query: str = ""
    """What is read page by page; empty if there are no further pages."""
    size: int = DEFAULT_SIZE
    """The maximum number of characters."""
    rest: str = ""
    """Where to find what is left out."""
    cut: bool = False
    """Whether something is left out of the rows themselves."""


class Reply(NamedTuple):
    """The reply of a tool."""

    text: str
    structured: dict[str, Any]


def write_reply(found: Rows, version: str) -> Reply:
    """Write as many rows as fit the limit of characters.

    Args:
        found: the rows.
        version: the version of the graph.

    Raises:
        QueryTooLarge: if not even one row fits.
    """
    count = len(found.rows)
    while True:
        reply = _reply(found, count, version)
        size = max(len(reply.text), len(json.dumps(reply.structured, ensure_ascii=False)))
        if size <= found.size:
            return reply
        if count <= 1:
            raise QueryTooLarge(
                f"one row has more than {found.size:,} characters: select fewer columns, or a part of a text, such as "
                "SUBSTR(?text, 1, 500)."
            )
        count = min(count - 1, max(1, count * found.size // size))


def _reply(found: Rows, count: int, version: str) -> Reply:
    end = found.start + count
    truncated = found.cut or end < found.total
    cursor = write_cursor(found.query, end) if found.query and end < found.total else None
    note = " ".join(filter(None, (found.note, found.rest if truncated else "")))
    structured = {
        "graph_version": version,
        "total": found.total,
        "truncated": truncated,
        "next_cursor": cursor,
        "note": note,
        "rows": list(found.rows[:count]),
    }
    shown = f"{found.start + 1}-{end} of {found.total}" if found.start or truncated else str(found.total)
    foot = [f"[rows: {shown if count else found.total}", f"graph: {version}"]
    foot += ["truncated"] if truncated else []
    foot += [f"next_cursor: {cursor}"] if cursor else []
    parts = (found.head, "\n".join(found.lines[:count]), note, "; ".join(foot) + "]")
    return Reply("\n".join(filter(None, parts)), structured)


def write_cursor(query: str, start: int) -> str:
    """Return the cursor of the page that begins after ``start`` rows of a query."""
    return base64.urlsafe_b64encode(f"{start}.{_digest(query)}".encode()).decode().rstrip("=")


def read_cursor(query: str, cursor: str | None) -> int:
    """Return the number of rows before the page of a cursor; 0 without one.

    Raises:
        InvalidQuery: if the cursor is not one of this query.
    """
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        text = ""
    start, _, digest = text.partition(".")
    if not start.isdecimal() or digest != _digest(query):
        raise InvalidQuery("the cursor belongs to another query or graph: repeat the call without a cursor.")
    return int(start)


def _digest(query: str) -> str:
    return hashlib.sha256(query.encode("utf-8", "replace")).hexdigest()[:12]


def clipped(text: str, most: int) -> str:
    """The text, or its beginning with an ellipsis, on one line."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else beginning(plain, most)
