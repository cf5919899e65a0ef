"""Base classes and helpers of the corrected components."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import rdflib
from rdflib.namespace import RDF, XSD
from rdflib.term import Node

Result = tuple[str, Node, list[Any]]


class TripleTerm(rdflib.BNode):
    """A triple term (RDF 1.2). It is not a blank node, but rdflib has no class for triple terms."""


class TruthyLiteral(rdflib.Literal):
    """A literal that is true in Python even if its value is false.

    rdflib treats ``0``, ``false`` and the empty string at the start of a path as an unbound variable.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


class ByValue(ABC):
    """A mixin for a component of pyshacl that tests the values of each focus node with :meth:`violations`."""

    constraint_parameters: ClassVar[Any]
    make_v_result: Any
    shape: Any

    def evaluate(
        self,
        executor: object,
        target_graph: rdflib.Graph,
        focus_value_nodes: Mapping[Node, Iterable[Node]],
        _evaluation_path: object,
    ) -> tuple[bool, list[Result]]:
        """Whether all focus nodes conform, and the results; pyshacl calls this method."""
        reports = [
            self.make_v_result(target_graph, focus, value_node=value)
            for focus, values in focus_value_nodes.items()
            for value in self.violations(target_graph, focus, values)
        ]
        return not reports, reports

    @abstractmethod
    def violations(self, data: rdflib.Graph, focus: Node, values: Iterable[Node]) -> Iterator[Node]:
        """The values that violate the constraint, one per result.

        Args:
            data: the data graph.
            focus: the focus node.
            values: its value nodes.
        """


def datatype_of(literal: rdflib.Literal) -> rdflib.URIRef:
    """The datatype of a literal, as in the SPARQL function ``datatype``."""
    if literal.language:
        return RDF.langString
    return literal.datatype or XSD.string
