"""The constraint components that a shapes graph itself declares (SHACL, section 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidShape
from threatgraph.rdf.terms import Node
from threatgraph.validate.shapes.graph import (
    SH,
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

_COMPONENT = NamedNode(f"{SH}ConstraintComponent")
_LOCAL_NAME = re.compile(r"[^\W\d][\w.\-]*$")
_VARIABLE = re.compile(r"\w+")
#: The names that a processor binds itself (section 6.2.1); each parameter must have another.
_RESERVED = frozenset("this shapesGraph currentShape path PATH value".split())


@dataclass(frozen=True)
class Parameter:
    """A parameter of a component: the property that shapes give it by, and the variable that queries know it by."""

    path: str
    variable: str
    optional: bool


@dataclass(frozen=True)
class Component:
    """A declared constraint component."""

    node: Node
    parameters: tuple[Parameter, ...]

    def is_used(self, graph: ShapeGraph, shape: Term) -> bool:
        """Whether a shape has all parameters that are not optional."""
        told = graph.get(shape, {})
        return all(parameter.optional or parameter.path in told for parameter in self.parameters)

    def validator(self, graph: ShapeGraph, shape: Term) -> Node | None:
        """The validator for a shape (section 6.2.3), of several the first by name; ``None`` if none is suitable."""
        kind = "propertyValidator" if first(graph, shape, "path") is not None else "nodeValidator"
        for name, query in ((kind, "select"), ("validator", "ask")):
            found = [node for node in nodes(graph, self.node, name) if first(graph, node, query) is not None]
            if found:
                return min(found, key=str)
        return None


class Components:
    """The components of a shapes graph, and the shapes that use them.

    Args:
        graph: the shapes graph.

    Raises:
        InvalidShape: where a component is declared against the rules.
    """

    def __init__(self, graph: ShapeGraph) -> None:
        self._graph = graph
        self.all = [_read(graph, node) for node in _declared(graph)]
        self.paths = frozenset(parameter.path for component in self.all for parameter in component.parameters)
        """The properties by which shapes give parameters."""

    def used_by(self, shape: Term) -> list[Component]:
        """The components of which a shape itself has the parameters."""
        return [component for component in self.all if component.is_used(self._graph, shape)]

    def given(self, shape: Term) -> dict[str, Sequence[Term]]:
        """The parameters that a shape has for the components that it uses, by their IRIs."""
        told = self._graph.get(shape, {})
        used = {parameter.path for component in self.used_by(shape) for parameter in component.parameters}
        return {path: told[path] for path in sorted(used & told.keys())}

    def among(self, shape: Term) -> Component | None:
        """A component that decides on a shape, be it in a shape that it refers to; ``None`` where there is none."""
        return self._deciding.get(shape)

    @cached_property
    def _deciding(self) -> dict[Term, Component]:
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
        waiting = list(found)
        while waiting:
            shape = waiting.pop()
            for other in referring.get(shape, set()) - found.keys():
                found[other] = found[shape]
                waiting.append(other)
        return found


def local_name(iri: str) -> str | None:
    """The name at the end of an IRI, by which queries know a parameter (section 6.2.1); ``None`` without one."""
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
            problem = "without an IRI as path that ends in a name"
        elif not _VARIABLE.fullmatch(name):
            problem = f"that is called {name}, which is not the name of a variable in SPARQL"
        elif name in _RESERVED:
            problem = f"that is called {name}, which SHACL itself binds"
        elif any(name == other.variable for other in found):
            problem = f"that is called {name}, as another one is"
        else:
            found.append(Parameter(path.value, name, is_true(graph, parameter, "optional")))
            continue
        reason = f"has a parameter {problem}: give it another path."
        raise InvalidShape(f"the constraint component {name_of(graph, node)} {reason}")
    if all(parameter.optional for parameter in found):
        raise InvalidShape(f"the constraint component {name_of(graph, node)} needs a parameter that is not optional.")
    return Component(node, tuple(sorted(found, key=lambda parameter: parameter.path)))
