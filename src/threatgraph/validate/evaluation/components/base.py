"""What the components of this package have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import rdflib
from rdflib.namespace import RDF, XSD
from rdflib.term import Node

Result = tuple[str, Node, list[Any]]


class TripleTerm(rdflib.BNode):
    """Stands for a triple term (RDF 1.2), for which rdflib has no class; it is no blank node."""


class PresentLiteral(rdflib.Literal):
    """A literal that is a node even where its value is false to Python.

    To rdflib, a path of a query that begins at ``0``, ``false`` or the empty text begins anywhere.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


class ByValue(ABC):
    """Mixed into a component of pyshacl, tests the values of each focus node by :meth:`violations`."""

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
        """Whether all focus nodes conform, and the results on those that do not; pyshacl calls it."""
        reports = [
            self.make_v_result(target_graph, focus, value_node=value)
            for focus, values in focus_value_nodes.items()
            for value in self.violations(target_graph, focus, values)
        ]
        return not reports, reports

    @abstractmethod
    def violations(self, data: rdflib.Graph, focus: Node, values: Iterable[Node]) -> Iterator[Node]:
        """The values that break the constraint, one for each result.

        Args:
            data: the data graph.
            focus: the focus node.
            values: its value nodes.
        """


def datatype_of(literal: rdflib.Literal) -> rdflib.URIRef:
    """The datatype of a literal as the function ``datatype`` of SPARQL gives it."""
    if literal.language:
        return RDF.langString
    return literal.datatype or XSD.string
