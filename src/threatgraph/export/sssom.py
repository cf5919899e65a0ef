"""Exports mappings as SSSOM/TSV, the Simple Standard for Sharing Ontological Mappings.

Each row is a mapping, either from a record to a provision or in a published crosswalk. The header is YAML in comment
lines (section "SSSOM/TSV" of https://mapping-commons.github.io/sssom/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode

from threatgraph.export.tables import export_table
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import Table
from threatgraph.vocab import BASE, PREFIXES

_COLUMNS = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "predicate_modifier",
    "object_id",
    "object_label",
    "mapping_justification",
    "confidence",
    "subject_source",
    "object_source",
    "mapping_source",
    "mapping_tool",
    "author_label",
    "reviewer_label",
    "comment",
    "other",
)
_CURIES = {
    "subject_id",
    "predicate_id",
    "object_id",
    "mapping_justification",
    "subject_source",
    "object_source",
    "mapping_source",
}
#: Columns that SSSOM defines as lists.
_LISTS = {"author_label", "reviewer_label"}
# The last of several labels is used: an English one if available. A comment is the rationale, or else the notes.
_MAPPINGS = """
SELECT ?subject_id ?subject_label ?predicate_id ?predicate_modifier ?object_id ?object_label ?mapping_justification
       ?confidence ?subject_source ?object_source ?mapping_source ?mapping_tool ?author_label ?reviewer_label ?comment
       ?other ?mapping
WHERE {
  {
    ?subject_id tg:mapping ?mapping .
    OPTIONAL { ?mapping tg:rationale ?comment }
    OPTIONAL { ?mapping tg:curationStatus ?status }
    OPTIONAL { ?mapping tg:reviewState ?state }
    OPTIONAL { ?mapping tg:mappingRelation ?meaning }
    OPTIONAL { ?mapping prov:wasAttributedTo/rdfs:label ?author_label }
    OPTIONAL { ?mapping tg:reviewedBy/rdfs:label ?reviewer_label }
    OPTIONAL { ?mapping sssom:predicate_modifier sssom:NegatedPredicate . BIND("Not" AS ?predicate_modifier) }
    OPTIONAL { ?subject_id skos:inScheme ?subject_source }
  }
  UNION
  {
    ?mapping_source tg:crosswalkMapping ?mapping .
    ?mapping sssom:subject_id ?subject_id .
    OPTIONAL { ?mapping skos:editorialNote ?comment }
    OPTIONAL { ?mapping_source tg:curationStatus ?status }
    OPTIONAL { ?mapping_source sssom:subject_source ?subject_source }
  }
  ?mapping sssom:object_id ?object_id ; sssom:predicate_id ?predicate_id .
  OPTIONAL { ?mapping sssom:mapping_justification ?mapping_justification }
  OPTIONAL { ?mapping sssom:confidence ?confidence }
  OPTIONAL { ?mapping sssom:mapping_tool ?mapping_tool }
  OPTIONAL { ?object_id skos:inScheme ?object_source }
  OPTIONAL { ?subject_id skos:prefLabel ?subject_label }
  OPTIONAL { ?object_id skos:prefLabel ?object_label }
  BIND(IF(BOUND(?status), CONCAT("curation_status=", REPLACE(STR(?status), "^.*/", "")), "") AS ?rests_on)
  BIND(IF(BOUND(?state), CONCAT("|review_state=", REPLACE(STR(?state), "^.*/", "")), "") AS ?read)
  BIND(IF(BOUND(?meaning), CONCAT("|mapping_relation=", REPLACE(STR(?meaning), "^.*/", "")), "") AS ?means)
  BIND(CONCAT(?rests_on, ?read, ?means) AS ?other)
}
ORDER BY STR(?subject_id) STR(?object_id) STR(?predicate_id) STR(?mapping_source) STR(?mapping)
  (LANGMATCHES(LANG(?subject_label), "en")) (LANGMATCHES(LANG(?object_label), "en")) STR(?comment)
  DESC(STR(?subject_source)) DESC(STR(?object_source))
"""
# The fragment distinguishes the id of the set from the IRIs of records.
_HEADER = f"""\
sssom_version: "1.1"
mapping_set_id: {BASE.rstrip("/")}#mappings
mapping_set_title: Mappings of threatgraph
mapping_set_description: Mappings of threat patterns and incidents to framework provisions, and published crosswalks
license: https://creativecommons.org/licenses/by/4.0/
comment: mapping_tool is what drafted a mapping, reviewer_label what reviewed it; other has its state and meaning.
"""
_PREFIXES = {**PREFIXES, "threatgraph": BASE}
#: Built-in prefixes of SSSOM, which need no declaration.
_BUILT_IN = {"sssom", "semapv", "skos", "owl", "rdf", "rdfs", "linkml"}
_LOCAL = re.compile(r"[^/#\s]+")


def write(store: Store, node: str | None = None) -> bytes:
    """Export mappings as SSSOM/TSV.

    Args:
        store: the graph.
        node: the IRI of a record, to export only mappings from and to it.
    """
    names = _Names()
    rows: dict[tuple[Term | None, ...], tuple[Term | None, ...]] = {}
    for *row, mapping in store.select(_MAPPINGS).rows:
        given = dict(zip(_COLUMNS, row, strict=True))
        if node is not None and NamedNode(node) not in (given["subject_id"], given["object_id"]):
            continue
        rows[mapping, *(given[name] for name in ("subject_id", "object_id", "predicate_id"))] = tuple(row)
    lines = Table(_COLUMNS, [names.shorten(row) for row in rows.values()])
    head = [*_HEADER.splitlines(), "curie_map:", *names.curie_map()]
    return "".join(f"# {line}\n" for line in head).encode() + export_table(lines, "tsv")


class _Names:
    """Shortens IRIs to CURIEs and records the prefixes used."""

    def __init__(self) -> None:
        self._used: dict[str, str] = {}

    def shorten(self, row: Iterable[Term | None]) -> tuple[Term | None, ...]:
        """A row with CURIEs instead of IRIs, and single-line texts."""
        cells = zip(_COLUMNS, row, strict=True)
        return tuple(self._cell(name, term) for name, term in cells)

    def curie_map(self) -> list[str]:
        """The header lines that declare the prefixes."""
        used = sorted(self._used.items())
        return [f'  {prefix}: "{namespace}"' for prefix, namespace in used if prefix not in _BUILT_IN]

    def _cell(self, name: str, term: Term | None) -> Term | None:
        if term is None:
            return None
        if name in _CURIES and isinstance(term, NamedNode):
            return Literal(self._curie(term.value))
        text = " ".join(str(getattr(term, "value", term)).split())
        return Literal(re.sub(r"([\\|])", r"\\\1", text) if name in _LISTS else text)

    def _curie(self, iri: str) -> str:
        for prefix, namespace in sorted({**_PREFIXES, **self._used}.items(), key=lambda item: -len(item[1])):
            if iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
                self._used[prefix] = namespace
                return f"{prefix}:{iri[len(namespace) :]}"
        cut = max(iri.rstrip("/#").rfind("/"), iri.rfind("#"), iri.rfind(":")) + 1
        prefix = f"ns{sum(name.startswith('ns') for name in self._used) + 1}"
        self._used[prefix] = iri[:cut]
        return f"{prefix}:{iri[cut:]}"
