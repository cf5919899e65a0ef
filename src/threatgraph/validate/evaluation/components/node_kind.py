"""``sh:nodeKind`` (SHACL, section 4.1.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import rdflib
from pyshacl.constraints.core.value_constraints import NodeKindConstraintComponent
from rdflib.namespace import SH
from rdflib.term import Node

from threatgraph.validate.evaluation.components.base import ByValue, TripleTerm

_KINDS = {
    SH.IRI: (rdflib.URIRef,),
    SH.BlankNode: (rdflib.BNode,),
    SH.Literal: (rdflib.Literal,),
    SH.BlankNodeOrIRI: (rdflib.BNode, rdflib.URIRef),
    SH.BlankNodeOrLiteral: (rdflib.BNode, rdflib.Literal),
    SH.IRIOrLiteral: (rdflib.URIRef, rdflib.Literal),
}


class NodeKind(ByValue, NodeKindConstraintComponent):
    """Treats a triple term as none of the node kinds."""

    def violations(self, data: rdflib.Graph, focus: Node, values: Iterable[Node]) -> Iterator[Node]:
        """The values of other kinds."""
        expected = _KINDS.get(self.nodekind_rule, ())
        yield from (value for value in values if isinstance(value, TripleTerm) or not isinstance(value, expected))


COMPONENTS: tuple[Any, ...] = (NodeKind,)
