"""Replaces the evaluation of declared constraint components in pyshacl (SHACL, section 6.3).

pyshacl 0.40 does not bind ``$value`` if the value is false, zero or an empty string. It uses only one value of a
parameter, repeats the messages of earlier results, and omits the value in results of property shapes. The selection of
shapes and focus nodes is still that of pyshacl.

During the evaluation, queries cannot access the network, in case rdflib parses one differently than the check before.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import rdflib
from pyshacl.constraints.constraint_component import ConstraintComponent
from pyshacl.constraints.core.other_constraints import InConstraintComponent
from pyshacl.constraints.sparql import sparql_based_constraint_components as theirs
from pyshacl.helper import get_query_helper_cls, sparql_query_helper
from rdflib.namespace import RDFS
from rdflib.namespace import SH as SHACL
from rdflib.plugins.sparql import evaluate

from threatgraph.errors import QueryRefused
from threatgraph.validate.evaluation.components import in_list, paths
from threatgraph.validate.evaluation.messages import FROM_QUERY
from threatgraph.validate.evaluation.patching import ThreadLocalPatch
from threatgraph.validate.shapes.declared_components import local_name

_PLACEHOLDER = re.compile(r"\{[?$](\w+)\}")


@contextmanager
def patched_components() -> Iterator[None]:
    """Make pyshacl evaluate declared components with :class:`DeclaredComponent`, and correct its messages."""
    with ExitStack() as stack:
        for patch in _PATCHES:
            stack.enter_context(patch)
        yield


def _refuse_service(*_: Any) -> None:
    raise QueryRefused("SERVICE is not allowed in queries of shapes: they may only read the data graph. Remove it.")


def _validator(component: Any, shape: Any) -> Any:
    """The validator for a shape; a subset has at most one of each kind."""
    kind = SHACL.propertyValidator if shape.is_property_shape else SHACL.nodeValidator
    graph = component.sg.graph
    return graph.value(component.node, kind) or graph.value(component.node, SHACL.validator)


class DeclaredComponent(theirs.BoundShapeValidatorComponent):
    """A declared component applied to one shape.

    Args:
        constraint: the component in pyshacl.
        shape: the shape with its parameters.
        node: the validator; ``None`` if there is none for the shape, so that nothing is evaluated.
    """

    def __init__(self, constraint: Any, shape: Any, node: Any) -> None:
        super(theirs.BoundShapeValidatorComponent, self).__init__(shape)
        self.constraint, self._node, self._graph = constraint, node, constraint.sg.graph
        if node is None:
            return  # the report lists the component as not evaluated
        ask = self._graph.value(node, SHACL.ask)
        self._asks = ask is not None
        self._text = str(ask if self._asks else self._graph.value(node, SHACL.select))
        helper: Any = get_query_helper_cls
        self._query = helper()(shape, node, self._text)
        self._query.collect_prefixes()

    def evaluate(
        self, executor: Any, target_graph: Any, focus_value_nodes: Mapping[Any, Any], _evaluation_path: Sequence[Any]
    ) -> tuple[bool, list[Any]]:
        """Whether all nodes conform, and the results; pyshacl calls this method."""
        results = []
        for bindings in self._bindings() if self._node is not None else ():
            for focus, values in focus_value_nodes.items():
                for found in self._violations(target_graph, focus, values, bindings):
                    node, path, value = found["this"], found.get("path"), found.get("value")
                    known = {**bindings, **found}
                    result = self.make_v_result(
                        target_graph,
                        node,
                        value_node=value,
                        result_path=path,
                        constraint_component=self.constraint.node,
                        extra_messages=None if list(self.shape.message) else self._messages(known),
                    )
                    results.append(result)
        return not results, results

    def _bindings(self) -> Iterator[dict[str, Any]]:
        """The values of the parameters, in every combination."""
        names, alternatives = [], []
        for parameter in self.constraint.parameters:
            values = sorted(self._graph.objects(self.shape.node, parameter.path()))
            if values:
                names.append(local_name(str(parameter.path())) or "")
                alternatives.append(values)
        for combination in itertools.product(*alternatives):
            yield dict(zip(names, combination, strict=True))

    def _violations(self, data: Any, focus: Any, values: Any, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        text = self._query.pre_bind_variables(focus, True if self._asks else None, parameters.keys())[1]
        bound = {"this": focus, "currentShape": self.shape.node, **parameters}
        query = self._query.apply_prefixes(text)
        if self._asks:
            for value in values:
                if not data.query(query, initBindings={**bound, "value": value}).askAnswer:
                    yield {"this": focus, "value": value}
            return
        seen = set()
        for row in data.query(query, initBindings=bound):
            solution = {name: value for name, value in row.asdict().items() if name not in bound}
            failure = solution.pop("failure", None)
            if failure is not None and failure.toPython() is True:
                raise ValueError(f"the validator of {self.constraint.node} reports a failure")
            default = {} if self.shape.is_property_shape else {"value": focus}
            key = frozenset(solution.items())
            if key not in seen:
                seen.add(key)
                yield {**default, **solution, "this": focus}

    def _messages(self, known: Mapping[str, Any]) -> list[rdflib.Literal]:
        """The messages of a result: from the query, the validator or the component, else its label (section 5.3.2)."""
        if isinstance(known.get("message"), rdflib.Literal):
            return [known["message"]]
        found = (
            sorted(text for text in self._graph.objects(self._node, SHACL.message) if str(text) != FROM_QUERY)
            or sorted(self._graph.objects(self.constraint.node, SHACL.message))
            or sorted(self._graph.objects(self.constraint.node, SHACL.labelTemplate))
        )
        if not found:
            label = self._graph.value(self.constraint.node, RDFS.label) or self.constraint.node
            found = [rdflib.Literal(f"This value does not meet the constraint: {label}.")]
        return [rdflib.Literal(_filled(str(text), known), lang=text.language) for text in found]


def _filled(text: str, known: Mapping[str, Any]) -> str:
    """A message with the values of its placeholders."""
    return _PLACEHOLDER.sub(lambda match: str(known[match[1]]) if match[1] in known else match[0], text)


def _message(_: Any, __: Any, text: str, bound: Any) -> str:
    """The message of a SPARQL constraint: the value of ``?message``, else the text with its placeholders filled.

    pyshacl interprets a backslash in a value as a group reference of a regular expression, and fails.
    """
    known: dict[str, Any] = dict(bound) if isinstance(bound, dict) else {}
    if isinstance(bound, (tuple, list)):
        named = zip(("this", "path", "value"), bound, strict=False)
        known = {**(bound[3] if len(bound) == 4 else {}), **{name: value for name, value in named if value is not None}}
    message = known.get("message")
    return str(message) if isinstance(message, rdflib.Literal) else _filled(text, known)


def _make(_: Any, component: Any, shape: Any) -> DeclaredComponent:
    return DeclaredComponent(component, shape, _validator(component, shape))


_PATCHES = (
    ThreadLocalPatch(theirs.SPARQLConstraintComponent, "make_validator_for_shape", _make),
    ThreadLocalPatch(ConstraintComponent, "_format_sparql_based_result_message", _message),
    ThreadLocalPatch(evaluate, "evalServiceQuery", _refuse_service),
    ThreadLocalPatch(InConstraintComponent, "make_generic_messages", in_list.in_message),
    ThreadLocalPatch(sparql_query_helper, "shacl_path_to_sparql_path", paths.to_sparql),
)
