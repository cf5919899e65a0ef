"""The prefixes that the SPARQL queries of shapes use (SHACL, section 5.2.1)."""

from __future__ import annotations

import re

from pyoxigraph import BlankNode, Literal

from threatgraph.errors import InvalidShape
from threatgraph.validate.shapes.graph import ShapeGraph, Term, first, name_of, nodes
from threatgraph.vocab import PREFIXES, SH

_PREFIX = re.compile(r"(?:[^\W\d_](?:[\w.\-]*[\w\-])?)?")
_NAMESPACE = re.compile(r'[^\x00-\x20<>"{}|^`\\]*')
_IMPORTS = f"{PREFIXES['owl']}imports"


def prologue(graph: ShapeGraph, constraint: Term) -> str:
    """The PREFIX lines of a query, from the prefixes that its shape declares."""
    declared = declared_prefixes(graph, constraint)
    return "".join(f"PREFIX {prefix}: <{space}>\n" for prefix, space in sorted(declared.items()))


def declared_prefixes(graph: ShapeGraph, constraint: Term) -> dict[str, str]:
    """The prefixes of a query, declared by the values of ``sh:prefixes`` and the ontologies that these import.

    Raises:
        InvalidShape: if a declaration is incomplete or invalid, or if a prefix has two namespaces.
    """
    found: dict[str, str] = {}
    pending: list[Term] = list(nodes(graph, constraint, "prefixes"))
    seen: set[Term] = set()
    while pending:
        holder = pending.pop()
        if holder in seen:
            continue
        seen.add(holder)
        own = graph.get(holder, {})
        pending += own.get(_IMPORTS, ())
        for declaration in own.get(f"{SH}declare", ()):
            prefix, space = _declaration(graph, declaration, holder, constraint)
            if found.setdefault(prefix, space) != space:
                query, both = f"the query of {name_of(graph, constraint)}", f"<{found[prefix]}> and <{space}>"
                raise InvalidShape(f"the prefix {prefix}: has two namespaces in {query}: {both}. Keep one of them.")
    return found


def _declaration(graph: ShapeGraph, declaration: Term, holder: Term, constraint: Term) -> tuple[str, str]:
    prefix, space = (first(graph, declaration, name) for name in ("prefix", "namespace"))
    query = f"the query of {name_of(graph, constraint)}"
    if not isinstance(prefix, Literal) or isinstance(space, BlankNode | None):
        raise InvalidShape(f"a prefix of {holder} for {query} lacks sh:prefix or sh:namespace: add both.")
    if not _PREFIX.fullmatch(prefix.value) or not _NAMESPACE.fullmatch(space.value):
        raise InvalidShape(f"{prefix.value!r} for {space.value!r} is not a valid SPARQL prefix, in {query}.")
    return prefix.value, space.value
