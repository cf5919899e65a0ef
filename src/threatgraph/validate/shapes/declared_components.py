"""Constraint components that a shapes graph declares itself (SHACL, section 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidShape
from threatgraph.rdf.terms import Node
from threatgraph.validate.shapes.graph import (
    ShapeGraph,
    Term,
    first,
    inner_shapes,
    is_instance,
    is_true,
    name_of,
    nodes,
    siblings,
)
from threatgraph.vocab import SH

_COMPONENT = NamedNode(f"{SH}ConstraintComponent")
_LOCAL_NAME = re.compile(r"[^\W\d][\w.\-]*$")
_VARIABLE = re.compile(r"\w+")
#: Variables that a SHACL processor binds itself (section 6.2.1), so that parameters cannot use them.
_RESERVED = frozenset("this shapesGraph currentShape path PATH value".split())


@dataclass(frozen=True)
class Parameter:
    """A parameter of a component: its property in shapes, and its variable in queries."""

    path: str
    variable: str
    optional: bool


@dataclass(frozen=True)
class Component:
    """A declared constraint component."""

    node: Node
    parameters: tuple[Parameter, ...]

    def is_used(self, graph: ShapeGraph, shape: Term) -> bool:
        """Whether a shape has all mandatory parameters."""
        own = graph.get(shape, {})
        return all(parameter.optional or parameter.path in own for parameter in self.parameters)

    def validator(self, graph: ShapeGraph, shape: Term) -> Node | None:
        """The validator for a shape (section 6.2.3); the first by name if there are several, ``None`` if none fits."""
        kind = "propertyValidator" if first(graph, shape, "path") is not None else "nodeValidator"
        for name, query in ((kind, "select"), ("validator", "ask")):
            found = [node for node in nodes(graph, self.node, name) if first(graph, node, query) is not None]
            if found:
                return min(found, key=str)
        return None


class Components:
    """The components that a shapes graph declares, and the shapes that use them.

    Args:
        graph: the shapes graph.

    Raises:
        InvalidShape: if the declaration of a component is invalid.
    """

    def __init__(self, graph: ShapeGraph) -> None:
        self._graph = graph
        self.all = [_read(graph, node) for node in _declared(graph)]
        self.paths = frozenset(parameter.path for component in self.all for parameter in component.parameters)
        """The properties of all parameters."""

    def used_by(self, shape: Term) -> list[Component]:
        """The components whose parameters a shape has itself."""
        return [component for component in self.all if component.is_used(self._graph, shape)]

    def parameters_of(self, shape: Term) -> dict[str, Sequence[Term]]:
        """The parameter values of a shape for the components that it uses, by IRI."""
        own = self._graph.get(shape, {})
        used = {parameter.path for component in self.used_by(shape) for parameter in component.parameters}
        return {path: own[path] for path in sorted(used & own.keys())}

    def relevant_to(self, shape: Term) -> Component | None:
        """A component that a shape uses, itself or in a shape that it refers to; ``None`` if there is none."""
        return self._by_shape.get(shape)

    @cached_property
    def _by_shape(self) -> dict[Term, Component]:
        found: dict[Term, Component] = {}
        referring: dict[Term, set[Term]] = {}
        for shape in self._graph if self.all else ():
            inner = set(inner_shapes(self._graph, shape))
            if is_true(self._graph, shape, "qualifiedValueShapesDisjoint"):
                inner |= siblings(self._graph, shape)
            for other in inner:
                referring.setdefault(other, set()).add(shape)
            if used := self.used_by(shape):
                found[shape] = used[0]
        pending = list(found)
        while pending:
            shape = pending.pop()
            for other in referring.get(shape, set()) - found.keys():
                found[other] = found[shape]
                pending.append(other)
        return found


def local_name(iri: str) -> str | None:
    """The local name of a parameter, which is its variable in queries (section 6.2.1); ``None`` if there is none."""
    match = _LOCAL_NAME.search(iri)
    return match[0] if match else None


def _declared(graph: ShapeGraph) -> Iterator[Node]:
    for node in sorted((node for node in graph if not isinstance(node, Literal)), key=str):
        if is_instance(graph, node, (_COMPONENT,)) and not str(node).startswith(f"<{SH}"):
            yield node


def _read(graph: ShapeGraph, node: Node) -> Component:
    found: list[Parameter] = []
    for parameter in nodes(graph, node, "parameter"):
        path = first(graph, parameter, "path")
        name = local_name(path.value) if isinstance(path, NamedNode) else None
        if path is None or name is None:
            problem = "whose path is not an IRI that ends in a name"
        elif not _VARIABLE.fullmatch(name):
            problem = f"named {name}, which is not a valid SPARQL variable name"
        elif name in _RESERVED:
            problem = f"named {name}, which is reserved for SHACL"
        elif any(name == other.variable for other in found):
            problem = f"named {name}, which another parameter already uses"
        else:
            found.append(Parameter(path.value, name, is_true(graph, parameter, "optional")))
            continue
        reason = f"has a parameter {problem}: change its sh:path."
        raise InvalidShape(f"the constraint component {name_of(graph, node)} {reason}")
    if all(parameter.optional for parameter in found):
        raise InvalidShape(f"the constraint component {name_of(graph, node)} requires a mandatory parameter: add one.")
    return Component(node, tuple(sorted(found, key=lambda parameter: parameter.path)))
