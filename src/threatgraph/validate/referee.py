"""Asks pyshacl for its verdict; the one place that calls it.

``pyshacl.validate`` ignores keywords that it does not know, so that a misspelt one silently changes what is checked:
here the keywords are compared with its signature first. Data and shapes are rdflib graphs in memory, since over other
stores pyshacl 0.40 misses violations of pre-bound SPARQL constraints.
"""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pyoxigraph import BlankNode, NamedNode

from threatgraph.errors import ThreatGraphError
from threatgraph.table import to_rdflib
from threatgraph.validate.shapes import SH, Check, InvalidShape, ShapeGraph, Term, targets

if TYPE_CHECKING:
    import rdflib

Progress = Callable[[Sequence[Term]], Iterable[Term]]


class NotJudged(ThreatGraphError, ValueError):
    """A value on which pyshacl itself fails, such as a number that is none (``NaN``) where numbers are compared."""


@contextmanager
def quiet() -> Iterator[None]:
    """Keep rdflib from printing a traceback or a warning for each ill-typed literal: the report speaks of those."""
    logger = logging.getLogger("rdflib.term")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        logger.setLevel(before)


def call_pyshacl(data: rdflib.Graph, shapes: rdflib.Graph, **options: Any) -> rdflib.Graph:
    """The validation report of pyshacl, as a graph.

    Args:
        data: the data graph; it is not changed.
        shapes: the shapes graph.
        options: keywords of ``pyshacl.validate``.

    Raises:
        TypeError: for a keyword that ``pyshacl.validate`` does not have.
        InvalidShape: where pyshacl refuses the shapes.
        NotJudged: where it fails on the data.
    """
    import pyshacl
    import rdflib

    from threatgraph.validate.prepared import PreparedGraph

    known = {
        name
        for name, parameter in inspect.signature(pyshacl.validate).parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    }
    for name in options:
        if name not in known:
            raise TypeError(f"pyshacl.validate has no keyword {name!r}; it has {', '.join(sorted(known))}")
    try:
        _, report, text = pyshacl.validate(PreparedGraph(data), shacl_graph=shapes, **options)
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise NotJudged(f"pyshacl cannot judge the value that stands here: {type(error).__name__} {error}") from error
    except Exception as error:  # whatever else it raises, it raises for what the shapes say
        raise InvalidShape(f"pyshacl refuses the shapes: {error}") from error
    if not isinstance(report, rdflib.Graph):
        raise InvalidShape(f"pyshacl gave no report: {text}")
    return report


def judge(data: rdflib.Graph, shapes: ShapeGraph, suspects: Mapping[Check, Iterable[Term]]) -> rdflib.Graph:
    """The report of pyshacl on some nodes, each under the shapes that it may break.

    Args:
        data: the whole data graph, since a shape may look beyond the node that it is about.
        shapes: the shapes graph.
        suspects: for each check, the nodes to judge.
    """
    return call_pyshacl(data, _excerpt(shapes, suspects))


def judge_all(data: rdflib.Graph, shapes: ShapeGraph, progress: Progress) -> rdflib.Graph:
    """The report of pyshacl on every node that the shapes themselves name.

    Args:
        data: the data graph.
        shapes: the shapes graph.
        progress: is given the shapes with targets, and gives them back one by one as they are judged.
    """
    report = _new_graph()
    targeted = [s for s in shapes if isinstance(s, (BlankNode, NamedNode)) and targets(shapes, s)]
    for shape in progress(sorted(targeted, key=str)):
        graph = _new_graph()
        _add(graph, shape, shapes[shape])
        _copy(shapes, shape, shapes[shape], graph, {shape})
        report += call_pyshacl(data, graph)
    return report


def _excerpt(shapes: ShapeGraph, suspects: Mapping[Check, Iterable[Term]]) -> rdflib.Graph:
    """The shapes of the checks, with the nodes to judge as their targets in place of their own.

    A property shape is judged by itself, so the node shape that it hangs on goes without it. A closed shape keeps its
    property shapes, since they say which properties it knows; so does a property shape, whose own are about its values.
    """
    graph = _new_graph()
    taken: set[Term] = set()
    for check, focus in suspects.items():
        keeps = {f"{SH}closed", f"{SH}path"} & shapes[check.shape].keys()
        left_out = {f"{SH}sparql"} if keeps else {f"{SH}sparql", f"{SH}property"}
        own = {name: values for name, values in shapes[check.shape].items() if name not in left_out}
        own[f"{SH}sparql"] = [check.constraint] if check.constraint is not None else []
        _copy(shapes, check.shape, own, graph, taken)
        graph += [(to_rdflib(check.shape), to_rdflib(NamedNode(f"{SH}targetNode")), to_rdflib(n)) for n in focus]
    return graph


def _copy(
    shapes: ShapeGraph, subject: Term, statements: Mapping[str, Sequence[Term]], graph: rdflib.Graph, taken: set[Term]
) -> None:
    """Copy statements about a shape, and whatever they refer to in turn, all without targets."""
    kept = {name: values for name, values in statements.items() if not name.startswith(f"{SH}target")}
    _add(graph, subject, kept)
    for value in {value for values in kept.values() for value in values if value in shapes}:
        if value not in taken:
            taken.add(value)
            _copy(shapes, value, shapes[value], graph, taken)


def _add(graph: rdflib.Graph, subject: Term, statements: Mapping[str, Sequence[Term]]) -> None:
    for name, values in statements.items():
        for value in values:
            graph.add((to_rdflib(subject), to_rdflib(NamedNode(name)), to_rdflib(value)))


def _new_graph() -> rdflib.Graph:
    import rdflib

    return rdflib.Graph(bind_namespaces="none")
