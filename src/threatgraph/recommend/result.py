"""Recommendations as users get them: ranked, with their reasons, as objects, a table, JSON or text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph import notebook
from threatgraph.table import Table, to_text
from threatgraph.vocab import XSD

if TYPE_CHECKING:
    import pandas

#: Places behind the point of a score that is written out.
PLACES = 6


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a recommendation: what one signal contributes, or a part of that."""

    signal: str
    """The signal that it belongs to, such as ``neighbours``."""
    contribution: float
    """What it adds to the score."""
    text: str
    statements: tuple[Triple, ...] = field(repr=False)
    """The triples of the graph that made it."""
    stands_for: int = 1
    """How many reasons it stands for: more than one where the weaker ones are told together."""
    parts: tuple[Reason, ...] = field(default=(), repr=False)
    """The single reasons of the signal, in order of contribution."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in JSON."""
        return {
            "signal": self.signal,
            "contribution": round(self.contribution, PLACES),
            "text": self.text,
            "parts": [
                {
                    "contribution": round(part.contribution, PLACES),
                    "text": part.text,
                    "statements": [_spelt(statement) for statement in part.statements],
                }
                for part in self.parts
            ],
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A record that is recommended, and why."""

    rank: int
    """Its place, from 1."""
    iri: str
    kind: str
    label: str
    code: str | None
    score: float
    """From 0 to 1: the sum of the contributions; where the basis is popularity, the share of all links."""
    signals: dict[str, float]
    """What each signal adds to the score, the most first."""
    reasons: tuple[Reason, ...]
    """One reason for each signal, in order of contribution; their contributions sum to the score."""
    curated: tuple[Triple, ...]
    """Statements by which people have linked it already; they add nothing to the score."""

    def __str__(self) -> str:
        return f"{self.label} ({self.code})" if self.code else self.label

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in JSON."""
        return {
            "rank": self.rank,
            "iri": self.iri,
            "kind": self.kind,
            "label": self.label,
            "code": self.code,
            "score": round(self.score, PLACES),
            "signals": {name: round(value, PLACES) for name, value in self.signals.items()},
            "reasons": [reason.to_dict() for reason in self.reasons],
            "curated": [_spelt(statement) for statement in self.curated],
        }


@dataclass(frozen=True, slots=True)
class Recommendations(Sequence[Recommendation]):
    """The answer to one question: recommendations, the best first."""

    asked: tuple[str, ...]
    """What they are for: the IRIs of records, or the text itself."""
    names: tuple[str, ...]
    """What people call it."""
    kind: str
    """The kind of the records that are recommended."""
    basis: str
    """``signals``; or ``popularity``, where nothing that is known of the question leads to any record."""
    note: str
    """What the reader must know, such as why the basis is popularity; else empty."""
    items: tuple[Recommendation, ...]
    text: str | None = None
    """The text that was asked about, if it was one."""

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
            "recommendations": [item.to_dict() for item in self.items],
        }

    def to_json(self) -> str:
        """A JSON object."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def to_table(self) -> Table:
        """A row for each recommendation, with its strongest reason."""
        number = NamedNode(XSD + "decimal")
        rows = [
            (
                Literal(item.rank),
                Literal(f"{item.score:.3f}", datatype=number),
                Literal(item.code) if item.code else None,
                Literal(item.label),
                Literal("yes" if item.curated else "no"),
                Literal(item.reasons[0].text if item.reasons else self.note),
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
        """The recommendations as ``tg:Recommendation``, with the statements that they were derived from."""
        from threatgraph.recommend.rdf import to_triples

        return to_triples(self)

    def render(self, width: int | None = None) -> str:
        """Text for people: every recommendation with its reasons.

        Args:
            width: characters of a line; ``None`` for no bound.
        """
        from threatgraph.recommend.prose import render

        return render(self, width)

    def __str__(self) -> str:
        return self.render()


def _spelt(statement: Triple) -> list[str]:
    return [to_text(statement.subject), to_text(statement.predicate), to_text(statement.object)]
