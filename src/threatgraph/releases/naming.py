"""Names of records, properties and values in a change list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyoxigraph as ox

from threatgraph.rdf.terms import Term
from threatgraph.releases.model import Name
from threatgraph.releases.state import State
from threatgraph.vocab import KINDS, kind_of, shorten


class Naming:
    """Names things as the new state does, or as the old state does if the new one does not have them.

    Args:
        old: the old state.
        new: the new state.
    """

    def __init__(self, old: State, new: State) -> None:
        self._states = (new, old)

    def record(self, iri: str) -> Name:
        """A record, by its code and label; a provision has the prefixed name instead of a code."""
        label = next(filter(None, (state.label(iri) for state in self._states)), "")
        code = next(filter(None, (state.code(iri) for state in self._states)), "")
        if not label or iri.startswith(KINDS["provision"].namespace):
            code = shorten(iri)
        return Name(" ".join(filter(None, (code, label))), iri)

    def records(self, iris: Iterable[str]) -> list[Name]:
        """Several records, sorted by IRI."""
        return [self.record(iri) for iri in sorted(iris)]

    def kind(self, iri: str) -> str:
        """The kind of a record, or its class; empty if neither is known."""
        if (kind := kind_of(iri)) is not None:
            return kind.name.replace("-", " ")
        types = sorted({name for state in self._states for name in state.types(iri)})
        return shorten(types[0]) if types else ""

    def values(self, terms: Iterable[Term]) -> list[Name]:
        """Values, sorted; texts with their language, if it is not English."""
        return sorted(map(self._value, terms), key=lambda value: (value.text, value.iri))

    def both(self, removed: Sequence[Term], added: Sequence[Term]) -> tuple[list[Name], list[Name]]:
        """The values before and after; in full if they look the same otherwise."""
        before, after = self.values(removed), self.values(added)
        if {(value.text, value.iri) for value in before} & {(value.text, value.iri) for value in after}:
            return _in_full(removed), _in_full(added)
        return before, after

    def _value(self, term: Term) -> Name:
        if isinstance(term, ox.NamedNode):
            return self.record(term.value)
        if not isinstance(term, ox.Literal):
            return _full(term)
        if term.language:
            return Name(term.value if term.language == "en" else f"{term.value} ({term.language})")
        return Name(term.value)


def _in_full(terms: Iterable[Term]) -> list[Name]:
    return [_full(term) for term in sorted(terms, key=str)]


def _full(term: Term) -> Name:
    return Name(str(term), term.value if isinstance(term, ox.NamedNode) else "")
