"""Writes what is derived from the data and the ontology, so that nobody has to edit it by hand.

Usage: python tools/update_generated.py [--check]

- ``data/README.md``: the numbers of records in its tables.
- ``ontology/context.jsonld``: the JSON-LD context.
- ``src/threatgraph/vocab.py``: the names of the classes and properties.

``--check`` changes nothing and exits with status 1 if the context or the names differ from the ontology, or a table
counts more records than there are. A number that is too low is not an error, so that a new record needs no other
change. ``./check`` runs this program.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, parse

from threatgraph import ThreatGraph
from threatgraph.vocab import KINDS, PREFIXES, RDF_TYPE, TG

ROOT = Path(__file__).resolve().parents[1]
README, VOCAB = ROOT / "data" / "README.md", ROOT / "src" / "threatgraph" / "vocab.py"
CONTEXT, ONTOLOGY = ROOT / "ontology" / "context.jsonld", ROOT / "ontology" / "threatgraph.ttl"
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


def main(words: list[str]) -> int:
    """Write or check the files; returns the exit status."""
    known, text = counts(ThreatGraph.open()), README.read_text(encoding="utf-8")
    rows = {row["name"]: int(row["count"]) for row in _ROW.finditer(text)}
    if unknown := sorted(rows.keys() - known.keys()):
        print(f"data/README.md: no such folder or framework: {', '.join(unknown)}", file=sys.stderr)
        return 1
    new = {CONTEXT: context(), VOCAB: vocabulary(VOCAB.read_text(encoding="utf-8"))}
    if "--check" in words:
        problems = [
            f"data/README.md: {row} has {rows[row]}, found {known[row]}" for row in rows if rows[row] > known[row]
        ]
        problems += [
            f"{file.relative_to(ROOT)} is out of date" for file, content in new.items() if _differs(file, content)
        ]
        print("\n".join(problems or [f"{len(rows)} counts and {len(new)} files are up to date"]))
        return 1 if problems else 0
    new[README] = _ROW.sub(lambda row: f"| {row['name']} | {known[row['name']]} |", text)
    for file, content in new.items():
        if _differs(file, content):
            file.write_text(content, encoding="utf-8")
            print(f"updated {file.relative_to(ROOT)}")
    return 0


def counts(graph: ThreatGraph) -> dict[str, int]:
    """Return what the tables of ``data/README.md`` count: the first cell of each row, with its number."""
    classes = _numbers(graph, _CLASSES, "class")
    folders = {f"`{kind.plural}/`": classes.get(TG + kind.class_name, 0) for kind in KINDS.values()}
    (mappings,) = graph.store.select(_MAPPINGS).to_dicts()
    others = {
        "`vocabularies/`": int(str(graph.store.select(_VOCABULARIES).column("n")[0])),
        "mappings of patterns": int(str(mappings["n"])),
        "of these, reviewed a second time": int(str(mappings["second"])),
    }
    return folders | others | _numbers(graph, _FRAMEWORKS, "label")


def context() -> str:
    """Return the JSON-LD context of the ontology."""
    from threatgraph.export.jsonld import jsonld_context

    return json.dumps(jsonld_context(), indent=1, ensure_ascii=False) + "\n"


def vocabulary(text: str) -> str:
    """Return the text of ``vocab.py`` with the classes and properties of the ontology."""
    terms: dict[str, set[str]] = {"CLASSES": set(), "PROPERTIES": set()}
    for quad in parse(path=str(ONTOLOGY), format=RdfFormat.TURTLE):
        subject = quad.subject.value if isinstance(quad.subject, NamedNode) else ""
        if quad.predicate.value == RDF_TYPE and subject.startswith(TG) and isinstance(quad.object, NamedNode):
            kind = quad.object.value.removeprefix(PREFIXES["owl"])
            if kind in ("Class", "ObjectProperty", "DatatypeProperty"):
                terms["CLASSES" if kind == "Class" else "PROPERTIES"].add(subject.removeprefix(TG))
    for constant, names in terms.items():
        wrapped = textwrap.indent(textwrap.fill(" ".join(sorted(names, key=str.lower)), 116), "    ")
        found = re.search(rf'{constant} = frozenset\(\n    """\n(.*?)\n    """\.split\(\)', text, re.DOTALL)
        if not found:
            raise SystemExit(f"{VOCAB}: no {constant} = frozenset(...) found")
        text = text[: found.start(1)] + wrapped + text[found.end(1) :]
    return text


def _differs(file: Path, content: str) -> bool:
    old = file.read_text(encoding="utf-8")
    return json.loads(old) != json.loads(content) if file.suffix == ".jsonld" else old != content


def _numbers(graph: ThreatGraph, sparql: str, key: str) -> dict[str, int]:
    return {str(row[key]): int(str(row["n"])) for row in graph.store.select(sparql).to_dicts()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
