"""Finds records that no bundled shape targets because their class is misspelled or missing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator

from pyoxigraph import NamedNode

from threatgraph.store import Store
from threatgraph.validate.report import ValidationResult
from threatgraph.validate.statistics import Statistics
from threatgraph.vocab import BASE, CLASSES, RDF_TYPE, SKOS, TG, shorten

#: The rule that a record has a class of the ontology. Shapes target records by class, so no shape can require it.
KNOWN_CLASS = f"{BASE}shapes#known-class"
#: The IRIs of shapes and ontology terms, which are not records.
_SHAPES = "^https://w3id[.]org/threatgraph/(shapes|ontology)#"
#: IRIs in our namespace, including misspelled ones; the expression is used in SPARQL as well.
_OUR_NAMESPACE = "^https?://(www[.])?w3id[.]org/threat-?graphs?[/#]"


def unknown_classes(store: Store, statistics: Statistics) -> Iterator[ValidationResult]:
    """Report records whose class is in the namespace of the ontology but not defined by it.

    Args:
        store: the graph.
        statistics: the statistics of the graph.
    """
    for cls in statistics.classes:
        iri = cls.strip("<>")
        name = iri.removeprefix(TG)
        if not re.match(_OUR_NAMESPACE, iri, re.IGNORECASE) or name in CLASSES or store.ask(f"ASK {{ {cls} a ?kind }}"):
            continue
        message = f"The ontology has no class {shorten(iri)}."
        for (node,) in store.select(f"SELECT DISTINCT ?node WHERE {{ ?node a {cls} }}").rows:
            if isinstance(node, NamedNode):
                yield _result(node.value, RDF_TYPE, iri, message, _remedy(iri))


def missing_classes(
    store: Store, graphs: Collection[str], nodes: Collection[NamedNode] | None = None
) -> Iterator[ValidationResult]:
    """Report nodes that use the ontology but have no class of it.

    A node uses the ontology if it has a property of the ontology, or if its IRI is in our namespace.

    Args:
        store: the graph.
        graphs: the named graphs of the files to check.
        nodes: check only these nodes, in whichever files they are.
    """
    if nodes is not None:
        stated = f"VALUES ?node {{ {' '.join(sorted(map(str, nodes)))} }} ?node ?property ?value"
    elif graphs:
        files = " ".join(f"<{graph}>" for graph in sorted(graphs))
        stated = f"VALUES ?file {{ {files} }} GRAPH ?file {{ ?node ?property ?value }}"
    else:
        return
    rows = store.select(
        f"""SELECT DISTINCT ?node WHERE {{
            {stated}
            FILTER NOT EXISTS {{ ?node a ?class FILTER(STRSTARTS(STR(?class), "{BASE}")) }}
            FILTER(REGEX(STR(?property), "{_OUR_NAMESPACE}", "i") || (
                REGEX(STR(?node), "{_OUR_NAMESPACE}", "i") && !REGEX(STR(?node), "{_SHAPES}")
                && NOT EXISTS {{ ?node a ?other FILTER(?other != <{SKOS}Concept>) }}))
        }}"""
    ).rows
    for (node,) in rows:
        if isinstance(node, NamedNode):
            message = "The record has no class of the ontology."
            yield _result(node.value, None, None, message, "Add a class such as tg:ThreatPattern, or correct the IRI.")


def _result(node: str, prop: str | None, value: str | None, message: str, remedy: str) -> ValidationResult:
    return ValidationResult("violation", node, prop, value, KNOWN_CLASS, "KnownClass", message, remedy=remedy)


def _remedy(iri: str) -> str:
    name = re.split(r"[/#]", iri)[-1]
    by_lower = {known.lower(): known for known in sorted(CLASSES)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if not near:
        return f"Use a class of the ontology, <{TG}…>; `graph.schema()` lists them."
    known = f"tg:{by_lower[near[0]]}"
    return (
        f"Did you mean {known}?" if iri.startswith(TG) else f"Did you mean {known}, with tg: as the prefix of <{TG}>?"
    )
