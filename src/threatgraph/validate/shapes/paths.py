"""Property paths of shapes (SHACL, section 2.3.1) and their SPARQL syntax.

>>> from pyoxigraph import NamedNode
>>> p, q = (Path("property", prop=NamedNode(f"urn:{name}")) for name in "pq")
>>> path = Path("sequence", (p, Path("oneOrMorePath", (q,))))  # sh:path ( ex:p [ sh:oneOrMorePath ex:q ] )
>>> path.to_sparql()
'(<urn:p>/(<urn:q>+))'
>>> path.inverse().to_sparql()
'((^<urn:q>+)/^<urn:p>)'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import BlankNode, NamedNode

from threatgraph.validate.shapes.graph import RDF, ShapeGraph, Term
from threatgraph.vocab import SH

_FIRST, _REST = f"{RDF}first", f"{RDF}rest"
_NIL = NamedNode(f"{RDF}nil")
#: The SPARQL suffixes of repeated paths.
REPEATED = {"zeroOrMorePath": "*", "oneOrMorePath": "+", "zeroOrOnePath": "?"}
_MAX_DEPTH = 8
_MAX_PARTS = 8


@dataclass(frozen=True)
class Path:
    """A property path."""

    kind: str
    """``property``, ``sequence``, or the local name of a SHACL path property, such as ``inversePath``."""
    parts: tuple[Path, ...] = ()
    """The inner paths: several for sequences and alternatives, one for the other kinds."""
    prop: NamedNode | None = None
    """The property, if the kind is ``property``."""

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

    def inverse(self) -> Path:
        """The path in the opposite direction."""
        if self.kind == "inversePath":
            return self.parts[0]
        if self.kind == "property":
            return Path("inversePath", (self,))
        parts = tuple(part.inverse() for part in self.parts)
        return Path(self.kind, parts[::-1] if self.kind == "sequence" else parts)

    @property
    def may_be_empty(self) -> bool:
        """Whether the path may have length zero, so that a node is a value of itself."""
        if self.kind in ("zeroOrMorePath", "zeroOrOnePath"):
            return True
        empty = [part.may_be_empty for part in self.parts]
        return any(empty) if self.kind == "alternativePath" else bool(empty) and all(empty)

    @property
    def step(self) -> tuple[NamedNode, bool] | None:
        """The property and whether it is inverse, if the path is a single step."""
        if self.kind == "property" and self.prop is not None:
            return self.prop, False
        if self.kind == "inversePath" and self.parts[0].prop is not None:
            return self.parts[0].prop, True
        return None


def read_path(graph: ShapeGraph, term: Term | None, depth: int = 0) -> Path | None:
    """Parse the path that a node of a shapes graph describes.

    Returns:
        ``None`` if it is ill-formed, ambiguous, or exceeds the limits on depth and parts.
    """
    if isinstance(term, NamedNode):
        return Path("property", prop=term)
    if not isinstance(term, BlankNode) or depth > _MAX_DEPTH:
        return None
    own = graph.get(term, {})
    names = [name for name in own if name.startswith(SH) or name in (_FIRST, _REST)]
    if set(names) == {_FIRST, _REST}:
        return _of_parts("sequence", graph, term, depth)
    if len(names) != 1 or len(own[names[0]]) != 1:
        return None
    kind, inner = names[0].removeprefix(SH), own[names[0]][0]
    if kind == "alternativePath":
        return _of_parts(kind, graph, inner, depth)
    part = read_path(graph, inner, depth + 1) if kind == "inversePath" or kind in REPEATED else None
    return None if part is None else Path(kind, (part,))


def _of_parts(kind: str, graph: ShapeGraph, head: Term, depth: int) -> Path | None:
    cells = _list_members(graph, head)
    parts = [read_path(graph, cell, depth + 1) for cell in cells]
    found = [part for part in parts if part is not None]
    return Path(kind, tuple(found)) if len(found) == len(parts) and 2 <= len(parts) <= _MAX_PARTS else None


def _list_members(graph: Mapping[Term, Mapping[str, Sequence[Term]]], head: Term) -> list[Term]:
    """The members of a well-formed list; an empty list if it is ill-formed."""
    found: list[Term] = []
    seen: set[Term] = set()
    while head != _NIL:
        own = graph.get(head, {})
        if head in seen or [len(own.get(name, ())) for name in (_FIRST, _REST)] != [1, 1]:
            return []
        seen.add(head)
        found += own[_FIRST]
        head = own[_REST][0]
    return found
