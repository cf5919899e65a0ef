"""Lexical forms of literals: which form Oxigraph stores for the form in a file.

Oxigraph stores numbers, dates and Booleans by value: ``"0.50"^^xsd:decimal`` becomes ``0.5``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import pyoxigraph as ox

from threatgraph.vocab import XSD

_KEPT = frozenset(
    XSD + name
    for name in "string normalizedString token language Name NCName NMTOKEN anyURI hexBinary base64Binary".split()
)
_NODE = ox.NamedNode("urn:x")


@lru_cache(maxsize=4096)
def as_stored(literal: ox.Literal) -> ox.Literal:
    """The literal that Oxigraph stores for ``literal``: ``0.5`` for ``0.50``."""
    if not may_change(literal):
        return literal
    engine = ox.Store()
    engine.add(ox.Quad(_NODE, _NODE, literal))
    return next(quad.object for quad in engine if isinstance(quad.object, ox.Literal))


def changed(triple: ox.Triple) -> bool:
    """Whether Oxigraph stores another lexical form of the literal that is the object of ``triple``."""
    value = triple.object
    return isinstance(value, ox.Literal) and may_change(value) and as_stored(value) != value


def may_change(literal: ox.Literal) -> bool:
    """Whether Oxigraph may store another lexical form than that of ``literal``."""
    datatype = literal.datatype.value
    return datatype.startswith(XSD) and datatype not in _KEPT


def all_kept(literals: Iterable[ox.Literal]) -> bool:
    """Whether Oxigraph stores each of the literals in its own lexical form."""
    given = set(filter(may_change, literals))
    engine = ox.Store()
    engine.extend(ox.Quad(_NODE, _NODE, literal) for literal in given)
    return {quad.object for quad in engine} == given
