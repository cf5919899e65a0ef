"""Finds records that no bundled shape is about, since their class is misspelt or missing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator

from pyoxigraph import NamedNode

from threatgraph.store import Store
from threatgraph.validate.report import ValidationResult
from threatgraph.validate.statistics import Census
from threatgraph.vocab import BASE, CLASSES, RDF_TYPE, SKOS, TG, shorten

#: The rule that a record has a class of the ontology; shapes find records by their class, so none can demand it.
KNOWN_CLASS = f"{BASE}shapes#known-class"
#: Shapes and terms of the ontology, which are no records.
_SHAPES = "^https://w3id[.]org/threatgraph/(shapes|ontology)#"
#: What is meant to be a term of the ontology, for SPARQL as well.
_MEANT = "^https?://(www[.])?w3id[.]org/threat-?graphs?[/#]"


def of_unknown_class(store: Store, census: Census) -> Iterator[ValidationResult]:
    """Findings on all records with a class that is meant to be one of the ontology, and is not.

    Args:
        store: the graph.
        census: what it holds.
    """
    for cls in census.classes:
        iri = cls.strip("<>")
        name = iri.removeprefix(TG)
        if not re.match(_MEANT, iri, re.IGNORECASE) or name in CLASSES or store.ask(f"ASK {{ {cls} a ?kind }}"):
            continue
        message = f"The ontology has no class {shorten(iri)}."
        for (node,) in store.select(f"SELECT DISTINCT ?node WHERE {{ ?node a {cls} }}").rows:
            if isinstance(node, NamedNode):
                yield _finding(node.value, RDF_TYPE, iri, message, _remedy(iri))


def without_class(store: Store, graphs: Collection[str]) -> Iterator[ValidationResult]:
    """Findings on nodes without a class that would make them records.

    Args:
        store: the graph.
        graphs: the named graphs of the files whose nodes to look at: those with a property of the ontology, or with an
            IRI in our namespaces.
    """
    if not graphs:
        return
    files = " ".join(f"<{graph}>" for graph in sorted(graphs))
    rows = store.select(
        f"""SELECT DISTINCT ?node WHERE {{
            VALUES ?file {{ {files} }}
            GRAPH ?file {{ ?node ?property ?value }}
            FILTER NOT EXISTS {{ ?node a ?class FILTER(STRSTARTS(STR(?class), "{BASE}")) }}
            FILTER(REGEX(STR(?property), "{_MEANT}", "i") || (
                REGEX(STR(?node), "{_MEANT}", "i") && !REGEX(STR(?node), "{_SHAPES}")
                && NOT EXISTS {{ ?node a ?other FILTER(?other != <{SKOS}Concept>) }}))
        }}"""
    ).rows
    for (node,) in rows:
        if isinstance(node, NamedNode):
            message = "The record has no class of the ontology."
            yield _finding(node.value, None, None, message, "Correct its IRI, or add a class such as tg:ThreatPattern.")


def _finding(node: str, prop: str | None, value: str | None, message: str, remedy: str) -> ValidationResult:
    return ValidationResult("violation", node, prop, value, KNOWN_CLASS, "KnownClass", message, remedy=remedy)


def _remedy(iri: str) -> str:
    name = re.split(r"[/#]", iri)[-1]
    by_lower = {known.lower(): known for known in sorted(CLASSES)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if not near:
        return f"Use a class of the ontology, <{TG}…>; `threatgraph schema` lists them."
    known = f"tg:{by_lower[near[0]]}"
    return f"Did you mean {known}?" if iri.startswith(TG) else f"Did you mean {known}, where tg: is <{TG}>?"
