"""The answer to a query: ranked recommendations as objects, a table, JSON, RDF or text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph import notebook
from threatgraph.recommend.prose import render
from threatgraph.recommend.rdf import to_triples
from threatgraph.recommend.recommendation import ExistingLink, Recommendation
from threatgraph.table import Table
from threatgraph.vocab import XSD

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class Recommendations(Sequence[Recommendation]):
    """The answer to one query: recommendations in descending order of score."""

    asked: tuple[str, ...]
    """The query: the IRIs of records, or the text."""
    names: tuple[str, ...]
    """The labels of the records, or the beginning of the text."""
    kind: str
    """The kind of the recommended records."""
    basis: str
    """``signals``; or ``popularity`` if no signal has a value for the query."""
    note: str
    """A note for the reader, such as the reason for the basis ``popularity``; empty otherwise."""
    items: tuple[Recommendation, ...]
    text: str | None = None
    """The query text, if the query was a text."""
    linked: tuple[ExistingLink, ...] = ()
    """All existing curated links of the query to records of the kind, with meaning and rationale."""
    new: tuple[Recommendation, ...] = ()
    """The best recommendations that are not linked yet, at most as many as requested."""

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.items)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in JSON."""
        return {
            "for": list(self.asked),
            "kind": self.kind,
            "basis": self.basis,
            "note": self.note,
            "existingLinks": [link.to_dict() for link in self.linked],
            "recommendations": [item.to_dict() for item in self.items],
        }

    def to_json(self) -> str:
        """A JSON object."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def to_table(self) -> Table:
        """One row per recommendation, with its strongest reason."""
        number = NamedNode(XSD + "decimal")
        rows = [
            (
                Literal(item.rank),
                Literal(f"{item.score:.3f}", datatype=number),
                Literal(item.code) if item.code else None,
                Literal(item.label),
                Literal("yes" if item.curated else "no"),
                Literal(item.explanation or self.note),
                NamedNode(item.iri),
            )
            for item in self.items
        ]
        return Table(("rank", "score", "code", "label", "curated", "reason", "record"), rows)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows of :meth:`to_table` as a pandas frame.

        Raises:
            ImportError: if pandas is not installed.
        """
        return self.to_table().to_pandas()

    def _repr_html_(self) -> str:
        """The recommendations for a notebook: a row for each, with its reasons."""
        rows = [
            (
                str(item.rank),
                f"{item.score:.3f}",
                notebook.link(item.iri, str(item)),
                notebook.bullets([notebook.escape(f"{r.contribution:.3f} {r.signal}: {r.text}") for r in item.reasons]),
            )
            for item in self.items
        ]
        title = notebook.escape(f"{self.kind.capitalize()}s related to {' and '.join(self.names)}")
        note = f"<p>{notebook.escape(self.note)}</p>" if self.note else ""
        return f"<h4>{title}</h4>{note}{notebook.table(('rank', 'score', self.kind, 'reasons'), rows)}"

    def to_triples(self) -> list[Triple]:
        """The recommendations as ``tg:Recommendation``, with the statements that they are derived from."""
        return to_triples(self.items, self.asked, self.text, self.basis)

    def render(self, width: int | None = None) -> str:
        """Format all recommendations with their reasons as text.

        Args:
            width: maximum length of a line; ``None`` for no limit.
        """
        title = f"{self.kind.capitalize()}s related to {' and '.join(self.names)}"
        return render(self.new if self.linked else self.items, self.linked, title, self.note, width)

    def __str__(self) -> str:
        return self.render()
