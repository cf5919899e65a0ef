"""``sh:datatype``: a literal must have a valid lexical form of XML Schema 1.1 (SHACL, section 4.1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import rdflib
from pyshacl.constraints.core.value_constraints import DatatypeConstraintComponent
from rdflib.namespace import RDF, RDFS
from rdflib.term import Node

from threatgraph.validate.evaluation.components.base import ByValue, datatype_of
from threatgraph.validate.evaluation.components.xsd import is_well_formed


class Datatype(ByValue, DatatypeConstraintComponent):
    """Supports all lexical forms of the specification; rdflib rejects years before 1 or after 9999."""

    datatype_rule: Any

    def violations(self, data: rdflib.Graph, focus: Node, values: Iterable[Node]) -> Iterator[Node]:
        """The values that are not literals of the datatype, or are ill-typed."""
        yield from (value for value in values if not isinstance(value, rdflib.Literal) or not self._has_type(value))

    def _has_type(self, value: rdflib.Literal) -> bool:
        if self.datatype_rule == RDFS.Literal or (self.datatype_rule == RDFS.Datatype and value.datatype):
            return True  # as in pyshacl, since existing shapes rely on it
        if datatype_of(value) != self.datatype_rule or (self.datatype_rule == RDF.langString and not value.language):
            return False
        return is_well_formed(str(self.datatype_rule), str(value))


COMPONENTS: tuple[Any, ...] = (Datatype,)
