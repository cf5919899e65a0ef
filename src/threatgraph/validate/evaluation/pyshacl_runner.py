"""Asks pyshacl for its verdict; the one place that calls it.

``pyshacl.validate`` ignores keywords that it does not know, so that a misspelt one silently changes what is checked:
here the keywords are compared with its signature first. Data and shapes are rdflib graphs in memory, since over other
stores pyshacl 0.40 misses violations of pre-bound SPARQL constraints.
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
from threatgraph.validate.shapes.graph import DEEPEST

if TYPE_CHECKING:
    import rdflib


#: How the message begins where pyshacl refuses the shapes; a shape is named by who knows it.
REFUSED = "pyshacl refuses the shapes: "


_ALONE = threading.RLock()
"""What pyshacl remembers is shared by all threads, so they take turns."""


class EvaluationFailed(ThreatGraphError, ValueError):
    """A value on which pyshacl itself fails, such as a number that is none (``NaN``) where numbers are compared."""


@contextmanager
def quiet() -> Iterator[None]:
    """Keep rdflib from printing a traceback or a warning for each ill-typed literal: the report speaks of those.

    pyshacl is kept from printing what it raises as well.
    """
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
    """The validation report of pyshacl, as a graph.

    Args:
        data: the data graph; it is not changed.
        shapes: the shapes graph.
        shapes_graph: the shapes graph that queries see as ``$shapesGraph``.
        options: keywords of ``pyshacl.validate``.

    Raises:
        TypeError: for a keyword that ``pyshacl.validate`` does not have.
        InvalidShape: where pyshacl refuses the shapes.
        EvaluationFailed: where it fails on the data.
    """
    import pyshacl
    import rdflib
    from pyshacl.rdfutil.stringify import stringify_blank_node

    from threatgraph.validate.evaluation.components import corrected
    from threatgraph.validate.evaluation.declared_evaluation import own_components
    from threatgraph.validate.evaluation.prepared import PreparedGraph

    known = {
        name
        for name, parameter in inspect.signature(pyshacl.validate).parameters.items()
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    }
    for name in options:
        if name not in known:
            raise TypeError(f"pyshacl.validate has no keyword {name!r}; it has {', '.join(sorted(known))}")
    # It remembers how it has told a blank node by the address of the graph, where another graph may be by now.
    try:
        with _ALONE, corrected(), own_components():
            getattr(stringify_blank_node, "dict_cache", {}).clear()
            _tell_parts_first(shapes, stringify_blank_node)
            _, report, text = pyshacl.validate(PreparedGraph(data, shapes_graph), shacl_graph=shapes, **options)
    except ThreatGraphError:
        raise
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise EvaluationFailed(f"pyshacl cannot judge the value that stands here: {type(error).__name__} {error}") from error
    except RecursionError as error:
        raise InvalidShape(f"{REFUSED}they stand too deep inside each other: give the inner ones targets.") from error
    except Exception as error:  # whatever else it raises, it raises for what the shapes say
        if "compare a BlankNode" in str(error):
            raise EvaluationFailed(f"pyshacl cannot judge the value that stands here: {error}") from error
        raise InvalidShape(f"{REFUSED}{error}") from error
    if not isinstance(report, rdflib.Graph):
        raise InvalidShape(f"{REFUSED}{text.removeprefix('Validation Failure - ')}")
    return report


def _tell_parts_first(shapes: rdflib.Graph, tell: Callable[[rdflib.Graph, Any], str]) -> None:
    """Have pyshacl put the blank nodes of the shapes into words, the parts of each before itself.

    It remembers these words, and leaves out what is deep in others: what a message says of a shape would depend on
    which of them was told first.
    """
    import rdflib

    def blank(nodes: Iterable[object]) -> list[rdflib.BNode]:
        return sorted(node for node in nodes if isinstance(node, rdflib.BNode))

    # The rest of a list is no part that anyone puts into words.
    told = set(blank(shapes.objects(predicate=rdflib.RDF.rest)))
    waiting = [(node, False) for node in blank(shapes.subjects(unique=True))]
    while waiting:
        node, parts_are_told = waiting.pop()
        if parts_are_told:
            tell(shapes, node)
        elif node not in told:
            told.add(node)
            waiting.append((node, True))
            parts = shapes.items(node) if (node, rdflib.RDF.rest, None) in shapes else shapes.objects(node)
            waiting += [(part, False) for part in blank(parts)]


def judge(
    data: rdflib.Graph, subset: ShapesSubset, blanks: SkolemIris, *, advanced: bool = False
) -> list[ValidationResult]:
    """The results of pyshacl on the nodes of an subset.

    Args:
        data: all that the shapes look at from these nodes, see :func:`data_graph`.
        subset: the shapes, and the nodes to judge by each.
        blanks: the names of blank nodes, as in the data.
        advanced: evaluate SHACL Advanced Features as well.

    Raises:
        InvalidShape: where pyshacl refuses the shapes.
        EvaluationFailed: where it fails on the data.
    """
    shapes = data_graph((Triple(s, p, o) for s, p, o in subset.statements()), blanks)  # type: ignore[arg-type]
    whole = data_graph((Triple(s, p, o) for s, p, o in subset.whole_graph()), blanks)  # type: ignore[arg-type]
    report = call_pyshacl(
        data,
        shapes,
        shapes_graph=whole if subset.reads_shapes_graph else None,
        advanced=advanced,
        max_validation_depth=DEEPEST + 1,
    )
    found = read_results(report, blanks.labels)
    terms = blanks.triple_terms
    return [replace(f, node=terms.get(f.node, f.node), value=terms.get(f.value or "", f.value)) for f in found]


def data_graph(triples: Iterable[Triple], blanks: SkolemIris) -> rdflib.Graph:
    """Triples as an rdflib graph, in which those nodes are blank that are blank in their files."""
    import rdflib

    from threatgraph.validate.evaluation.components.base import PresentLiteral, TripleTerm

    def term(value: Any) -> Any:
        if isinstance(value, Triple):
            return TripleTerm(blanks.triple_term(value))
        label = blanks.label(value) if isinstance(value, NamedNode) else None
        found = to_rdflib(value) if label is None else rdflib.BNode(label)
        if isinstance(found, rdflib.Literal) and not found:
            return PresentLiteral(found, lang=found.language, datatype=found.datatype, normalize=False)
        return found

    known = cache(term)  # the same terms come again and again
    graph = rdflib.Graph(bind_namespaces="none")
    for triple in triples:
        graph.add((known(triple.subject), known(triple.predicate), known(triple.object)))
    return graph
