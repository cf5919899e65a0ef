"""Writes the numbers of records into the tables of data/README.md.

Usage: python tools/update_counts.py [--check]

``--check`` changes nothing. It fails if a table counts more than there is, which means that a record was removed. A
number that is too low is not an error, so that a new record needs no other change; ``./check`` refreshes the tables.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from threatgraph import ThreatGraph
from threatgraph.vocab import KINDS

README = Path(__file__).resolve().parents[1] / "data" / "README.md"
_ROW = re.compile(r"^\| (?P<name>[^|]+?) \| (?P<count>\d+) \|", re.MULTILINE)
_CLASSES = "SELECT ?class (COUNT(DISTINCT ?record) AS ?n) WHERE { ?record a ?class } GROUP BY ?class"
_VOCABULARIES = """
SELECT (COUNT(DISTINCT ?record) AS ?n)
WHERE {
  GRAPH ?file { ?record a ?class }
  FILTER(CONTAINS(STR(?file), "/data/vocabularies/") && !CONTAINS(STR(?record), "#") && ?class != skos:ConceptScheme)
}
"""
_FRAMEWORKS = """
SELECT ?label (COUNT(DISTINCT ?provision) AS ?n)
WHERE { ?framework a tg:Framework ; skos:prefLabel ?label . ?provision a tg:Provision ; skos:inScheme ?framework }
GROUP BY ?label
"""
_MAPPINGS = """
SELECT (COUNT(DISTINCT ?mapping) AS ?n) (COUNT(DISTINCT ?reviewed) AS ?second)
WHERE {
  ?pattern a tg:ThreatPattern ; tg:mapping ?mapping
  OPTIONAL { ?mapping tg:reviewState ?state FILTER(!CONTAINS(STR(?state), "draft")) BIND(?mapping AS ?reviewed) }
}
"""


def counts(graph: ThreatGraph) -> dict[str, int]:
    """Return what the tables count: the first cell of each row, with its number."""
    classes = _numbers(graph, _CLASSES, "class")
    folders = {f"`{kind.plural}/`": classes.get(_iri(kind.class_name), 0) for kind in KINDS.values()}
    vocabularies = int(str(graph.store.select(_VOCABULARIES).column("n")[0]))
    (mappings,) = graph.store.select(_MAPPINGS).to_dicts()
    others = {
        "`vocabularies/`": vocabularies,
        "mappings of patterns": int(str(mappings["n"])),
        "of these, reviewed a second time": int(str(mappings["second"])),
    }
    return folders | others | _numbers(graph, _FRAMEWORKS, "label")


def main(words: list[str]) -> int:
    """Write or check the tables; returns the exit status."""
    known, text = counts(ThreatGraph.open()), README.read_text(encoding="utf-8")
    rows = {row["name"]: int(row["count"]) for row in _ROW.finditer(text)}
    if unknown := sorted(rows.keys() - known.keys()):
        print(f"{README.name}: no such folder or framework: {', '.join(unknown)}", file=sys.stderr)
        return 1
    if "--check" in words:
        gone = [f"{name}: {count}, but there are {known[name]}" for name, count in rows.items() if count > known[name]]
        print("\n".join(gone) or f"{len(rows)} counts hold", file=sys.stderr if gone else sys.stdout)
        return 1 if gone else 0
    new = _ROW.sub(lambda row: f"| {row['name']} | {known[row['name']]} |", text)
    if new != text:
        README.write_text(new, encoding="utf-8")
        print("updated the counts in data/README.md")
    return 0


def _iri(class_name: str) -> str:
    return f"https://w3id.org/threatgraph/ontology#{class_name}"


def _numbers(graph: ThreatGraph, sparql: str, key: str) -> dict[str, int]:
    return {str(row[key]): int(str(row["n"])) for row in graph.store.select(sparql).to_dicts()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
