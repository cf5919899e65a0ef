"""Compares two states of the graph: what a release adds, retires and changes, record by record."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from threatgraph.display import printable
from threatgraph.errors import UnknownName
from threatgraph.releases.comparison import compare
from threatgraph.releases.model import Change, Detail, ReleaseDiff
from threatgraph.releases.state import BUNDLED, State, read_state

__all__ = ["BUNDLED", "FORMATS", "Change", "Detail", "ReleaseDiff", "State", "compare", "export", "read_state"]


def _text(found: ReleaseDiff, width: int | None) -> str:
    from threatgraph.releases.text import render

    return printable(render(found, width))


def _markdown(found: ReleaseDiff, width: int | None) -> str:
    from threatgraph.assess.formats.markdown import render
    from threatgraph.releases.document import document

    return render(document(found))


def _html(found: ReleaseDiff, width: int | None) -> str:
    from threatgraph.assess.formats.html import page
    from threatgraph.releases.document import document

    return page(found.title, document(found))


def _json(found: ReleaseDiff, width: int | None) -> str:
    import json

    return json.dumps(found.to_dict(), ensure_ascii=False, indent=2) + "\n"


def _patch(found: ReleaseDiff, width: int | None) -> str:
    from threatgraph.releases.patch import to_patch

    return to_patch(found)


#: The name of each format, and its writer; only ``text`` has a width.
FORMATS: Mapping[str, Callable[[ReleaseDiff, int | None], str]] = {
    "text": _text,
    "markdown": _markdown,
    "html": _html,
    "json": _json,
    "nquads-patch": _patch,
}


def export(found: ReleaseDiff, format: str, width: int | None = None) -> str:
    """Write a change list.

    Args:
        found: the change list.
        format: a name from :data:`FORMATS`.
        width: the maximum width of a line of the format ``text``; ``None`` for no limit.

    Raises:
        UnknownName: for a format that does not exist.
    """
    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS, f"The formats are {', '.join(FORMATS)}.")
    return FORMATS[format](found, width)
