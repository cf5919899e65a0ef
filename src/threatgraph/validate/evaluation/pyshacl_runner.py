"""Runs pyshacl; no other module calls it.

``pyshacl.validate`` ignores unknown keywords, so that a misspelled one would silently change the validation. So the
keywords are compared with its signature first. Data and shapes are rdflib graphs in memory, since on other stores,
pyshacl 0.40 misses violations of SPARQL constraints with pre-bound variables.
"""

from __future__ import annotations

import inspect
import logging
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from pyoxigraph import NamedNode, Triple

from threatgraph.errors import InvalidShape, ThreatGraphError
from threatgraph.table import to_rdflib
from threatgraph.validate.evaluation.results import read_results
from threatgraph.validate.evaluation.shapes_subset import ShapesSubset
from threatgraph.validate.evaluation.skolem import SkolemIris
from threatgraph.validate.report import ValidationResult
from threatgraph.validate.shapes.graph import MAX_DEPTH

if TYPE_CHECKING:
    import rdflib
#: The start of the message if pyshacl refuses the shapes. The caller replaces it with the name of the shape.
REFUSED = "pyshacl refuses the shapes: "
#: pyshacl has caches that all threads share, so only one thread runs it at a time.
_LOCK = threading.RLock()


class EvaluationFailed(ThreatGraphError, ValueError):
    """pyshacl raised an error on a value of the data, for example on a comparison with ``NaN``."""


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress the logs of rdflib on ill-typed literals, which the report covers, and of pyshacl on its errors."""
    logger, validator = logging.getLogger("rdflib.term"), logging.getLogger("pyshacl-validate")
    before = logger.level
    logger.setLevel(logging.ERROR)
    validator.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        logger.setLevel(before)
        validator.disabled = False


def call_pyshacl(
    data: rdflib.Graph, shapes: rdflib.Graph, *, shapes_graph: rdflib.Graph | None = None, **options: Any
) -> rdflib.Graph:
    """Run pyshacl and return its validation report as a graph.

    Args:
        data: the data graph, which is not modified.
        shapes: the shapes graph.
        shapes_graph: the value of ``$shapesGraph`` in queries.
        options: keywords of ``pyshacl.validate``.

    Raises:
        TypeError: if ``pyshacl.validate`` has no such keyword.
        InvalidShape: if pyshacl refuses the shapes.
        EvaluationFailed: if it raises an error on the data.
    """
    import pyshacl
    import rdflib
    from pyshacl.rdfutil.stringify import stringify_blank_node

    from threatgraph.validate.evaluation.components import corrected
    from threatgraph.validate.evaluation.declared_evaluation import patched_components
    from threatgraph.validate.evaluation.prepared import PreparedGraph

    known = {
        name
        for name, parameter in inspect.signature(pyshacl.validate).parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    }
    for name in options:
        if name not in known:
            raise TypeError(f"pyshacl.validate has no keyword {name!r}; it has {', '.join(sorted(known))}")
    try:
        with _LOCK, corrected(), patched_components():
            # Its cache of texts is keyed by the memory address of a graph, which may be another graph by now.
            getattr(stringify_blank_node, "dict_cache", {}).clear()
            _stringify_parts_first(shapes, stringify_blank_node)
            _, report, text = pyshacl.validate(PreparedGraph(data, shapes_graph), shacl_graph=shapes, **options)
    except ThreatGraphError:
        raise
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise EvaluationFailed(f"pyshacl cannot evaluate this value: {type(error).__name__} {error}") from error
    except RecursionError as error:
        raise InvalidShape(f"{REFUSED}they are nested too deep. Give the inner shapes their own targets.") from error
    except Exception as error:  # its other errors are all caused by the shapes
        if "compare a BlankNode" in str(error):
            raise EvaluationFailed(f"pyshacl cannot evaluate this value: {error}") from error
        raise InvalidShape(f"{REFUSED}{error}") from error
    if not isinstance(report, rdflib.Graph):
        raise InvalidShape(f"{REFUSED}{text.removeprefix('Validation Failure - ')}")
    return report


def _stringify_parts_first(shapes: rdflib.Graph, stringify: Callable[[rdflib.Graph, Any], str]) -> None:
    """Have pyshacl format the blank nodes of the shapes for messages, inner nodes first.

    It caches these texts and truncates deeply nested nodes, so that a text would depend on the order of the nodes.
    """
    import rdflib

    def blank(nodes: Iterable[object]) -> list[rdflib.BNode]:
        return sorted(node for node in nodes if isinstance(node, rdflib.BNode))

    # The rest of a list does not appear in messages.
    seen = set(blank(shapes.objects(predicate=rdflib.RDF.rest)))
    pending = [(node, False) for node in blank(shapes.subjects(unique=True))]
    while pending:
        node, is_expanded = pending.pop()
        if is_expanded:
            stringify(shapes, node)
        elif node not in seen:
            seen.add(node)
            pending.append((node, True))
            parts = shapes.items(node) if (node, rdflib.RDF.rest, None) in shapes else shapes.objects(node)
            pending += [(part, False) for part in blank(parts)]


def evaluate_subset(
    data: rdflib.Graph, subset: ShapesSubset, skolem: SkolemIris, *, advanced: bool = False
) -> list[ValidationResult]:
    """Run pyshacl on a subset of the shapes and return its results.

    Args:
        data: all statements that the shapes read, from :func:`data_graph`.
        subset: the shapes and their focus nodes.
        skolem: the skolem IRIs in the data.
        advanced: evaluate SHACL Advanced Features.

    Raises:
        InvalidShape: if pyshacl refuses the shapes.
        EvaluationFailed: if it raises an error on the data.
    """
    shapes = data_graph((Triple(s, p, o) for s, p, o in subset.statements()), skolem)  # type: ignore[arg-type]
    full = data_graph((Triple(s, p, o) for s, p, o in subset.full_graph()), skolem)  # type: ignore[arg-type]
    report = call_pyshacl(
        data,
        shapes,
        shapes_graph=full if subset.reads_shapes_graph else None,
        advanced=advanced,
        max_validation_depth=MAX_DEPTH + 1,
    )
    found = read_results(report, skolem.labels)
    terms = skolem.triple_terms
    return [replace(f, node=terms.get(f.node, f.node), value=terms.get(f.value or "", f.value)) for f in found]


def data_graph(triples: Iterable[Triple], skolem: SkolemIris) -> rdflib.Graph:
    """Triples as an rdflib graph, with blank nodes instead of skolem IRIs."""
    import rdflib

    from threatgraph.validate.evaluation.components.base import TripleTerm, TruthyLiteral

    def term(value: Any) -> Any:
        if isinstance(value, Triple):
            return TripleTerm(skolem.triple_term(value))
        label = skolem.label(value) if isinstance(value, NamedNode) else None
        found = to_rdflib(value) if label is None else rdflib.BNode(label)
        if isinstance(found, rdflib.Literal) and not found:
            return TruthyLiteral(found, lang=found.language, datatype=found.datatype, normalize=False)
        return found

    known = cache(term)  # most terms occur many times
    graph = rdflib.Graph(bind_namespaces="none")
    for triple in triples:
        graph.add((known(triple.subject), known(triple.predicate), known(triple.object)))
    return graph
