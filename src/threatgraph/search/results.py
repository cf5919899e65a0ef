"""The answer to a search: ranked records as objects, a table, JSON or HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyoxigraph import Literal, NamedNode

from threatgraph import notebook
from threatgraph.search.index import END, START
from threatgraph.table import Table
from threatgraph.vocab import XSD

if TYPE_CHECKING:
    import pandas

_PLACES = 3
_COLUMNS = ("rank", "score", "kind", "code", "label", "snippet", "record")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A record that a search found."""

    rank: int
    """The rank, from 1."""
    iri: str
    kind: str
    label: str
    code: str | None
    score: float
    """The score, from 0 to 1: higher is better, and 1 is a record that the query names."""
    marked: str
    """The passage that matches, with each match between two control characters."""

    @property
    def snippet(self) -> str:
        """The passage that matches, with each match between asterisks: ``**prompt** **injection**``."""
        return self.marked.replace(START, "**").replace(END, "**")

    def __str__(self) -> str:
        return f"{self.label} ({self.code})" if self.code else self.label

    def __repr__(self) -> str:
        return f"<SearchResult {self.rank}: {self}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in JSON."""
        return {
            "rank": self.rank,
            "iri": self.iri,
            "kind": self.kind,
            "code": self.code,
            "label": self.label,
            "score": round(self.score, _PLACES),
            "snippet": self.snippet,
        }


@dataclass(frozen=True, slots=True, repr=False)
class SearchResults(Sequence[SearchResult]):
    """The records that a search found, best first."""

    query: str
    note: str
    """A note for the reader: a corrected spelling, or why nothing was found; empty otherwise."""
    items: tuple[SearchResult, ...]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __iter__(self) -> Iterator[SearchResult]:
        return iter(self.items)

    def __repr__(self) -> str:
        return f"<SearchResults: {len(self.items)} for {self.query[:60]!r}>"

    def __str__(self) -> str:
        lines = [self.note] if self.note else []
        return "\n".join([*lines, self.to_table().render()] if self.items else lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in JSON."""
        return {"query": self.query, "note": self.note, "results": [item.to_dict() for item in self.items]}

    def to_json(self) -> str:
        """A JSON object."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def to_table(self) -> Table:
        """One row per record, with the columns rank, score, kind, code, label, snippet and record."""
        number = NamedNode(XSD + "decimal")
        rows = [
            (
                Literal(item.rank),
                Literal(f"{item.score:.{_PLACES}f}", datatype=number),
                Literal(item.kind),
                Literal(item.code) if item.code else None,
                Literal(item.label),
                Literal(item.snippet),
                NamedNode(item.iri),
            )
            for item in self.items
        ]
        return Table(_COLUMNS, rows)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows of :meth:`to_table` as a pandas frame.

        Raises:
            ImportError: if pandas is not installed.
        """
        return self.to_table().to_pandas()

    def _repr_html_(self) -> str:
        """The records for a notebook, with the matches marked."""
        rows = [
            (
                str(item.rank),
                f"{item.score:.{_PLACES}f}",
                notebook.escape(item.kind),
                notebook.link(item.iri, str(item)),
                _highlighted(item.marked),
            )
            for item in self.items
        ]
        note = f"<p>{notebook.escape(self.note)}</p>" if self.note else ""
        return note + notebook.table(("rank", "score", "kind", "record", "snippet"), rows) if rows else note


def _highlighted(marked: str) -> str:
    """A snippet as HTML; only the marks of the index become tags."""
    pieces = []
    for piece in marked.split(START):
        inside, end, after = piece.partition(END)
        pieces.append(
            f"<mark>{notebook.escape(inside)}</mark>{notebook.escape(after)}" if end else notebook.escape(piece)
        )
    return "".join(pieces)
