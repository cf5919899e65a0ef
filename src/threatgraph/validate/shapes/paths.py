"""Property paths of shapes (SHACL, section 2.3.1), as SPARQL has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import BlankNode, NamedNode

from threatgraph.validate.shapes.graph import ShapeGraph, Term
from threatgraph.vocab import PREFIXES

_SH, _RDF = PREFIXES["sh"], PREFIXES["rdf"]
_FIRST, _REST = f"{_RDF}first", f"{_RDF}rest"
_NIL = NamedNode(f"{_RDF}nil")
#: What SPARQL writes behind a path that is repeated.
REPEATED = {"zeroOrMorePath": "*", "oneOrMorePath": "+", "zeroOrOnePath": "?"}
_DEEPEST = 8


@dataclass(frozen=True)
class Path:
    """A property path."""

    kind: str
    """``property``, ``sequence``, or the local name of what SHACL calls the path, such as ``inversePath``."""
    parts: tuple[Path, ...] = ()
    """What the path is made of; one part for all but sequences and alternatives."""
    prop: NamedNode | None = None
    """The property, where it is one."""

    def to_sparql(self) -> str:
        """The path in the syntax of SPARQL 1.1, section 9.1."""
        inner = [part.to_sparql() for part in self.parts]
        if self.kind == "inversePath":
            return f"^({inner[0]})" if inner[0].startswith("^") else f"^{inner[0]}"
        if self.kind in REPEATED:
            return f"({inner[0]}{REPEATED[self.kind]})"
        if self.kind in ("sequence", "alternativePath"):
            return f"({('/' if self.kind == 'sequence' else '|').join(inner)})"
        return str(self.prop)

    @property
    def may_be_empty(self) -> bool:
        """Whether a node is a value of its own, with no step."""
        if self.kind in ("zeroOrMorePath", "zeroOrOnePath"):
            return True
        empty = [part.may_be_empty for part in self.parts]
        return any(empty) if self.kind == "alternativePath" else bool(empty) and all(empty)

    @property
    def step(self) -> tuple[NamedNode, bool] | None:
        """The property and whether it is followed backwards, where the path is one step."""
        if self.kind == "property" and self.prop is not None:
            return self.prop, False
        if self.kind == "inversePath" and self.parts[0].prop is not None:
            return self.parts[0].prop, True
        return None


def read_path(graph: ShapeGraph, term: Term | None, depth: int = 0) -> Path | None:
    """The path that a shapes graph describes at a node; ``None`` where it is ill-formed, very deep, or two in one."""
    if isinstance(term, NamedNode):
        return Path("property", prop=term)
    if not isinstance(term, BlankNode) or depth > _DEEPEST:
        return None
    told = graph.get(term, {})
    names = [name for name in told if name.startswith(_SH) or name in (_FIRST, _REST)]
    if set(names) == {_FIRST, _REST}:
        return _of_parts("sequence", graph, term, depth)
    if len(names) != 1 or len(told[names[0]]) != 1:
        return None
    kind, inner = names[0].removeprefix(_SH), told[names[0]][0]
    if kind == "alternativePath":
        return _of_parts(kind, graph, inner, depth)
    part = read_path(graph, inner, depth + 1) if kind == "inversePath" or kind in REPEATED else None
    return None if part is None else Path(kind, (part,))


def _of_parts(kind: str, graph: ShapeGraph, head: Term, depth: int) -> Path | None:
    cells = _cells(graph, head)
    parts = [read_path(graph, cell, depth + 1) for cell in cells]
    found = [part for part in parts if part is not None]
    return Path(kind, tuple(found)) if len(found) == len(parts) and 2 <= len(parts) <= _DEEPEST else None


def _cells(graph: Mapping[Term, Mapping[str, Sequence[Term]]], head: Term) -> list[Term]:
    """The members of a list that is well-formed; none of another."""
    found: list[Term] = []
    seen: set[Term] = set()
    while head != _NIL:
        told = graph.get(head, {})
        if head in seen or [len(told.get(name, ())) for name in (_FIRST, _REST)] != [1, 1]:
            return []
        seen.add(head)
        found += told[_FIRST]
        head = told[_REST][0]
    return found
