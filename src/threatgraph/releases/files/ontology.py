"""The files of the ontology: four syntaxes with the previous version, context, schemes, shapes, rules and queries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from threatgraph import resources
from threatgraph.export import export_triples
from threatgraph.releases.files.content import Content, fixed
from threatgraph.releases.release import ONTOLOGY, Release
from threatgraph.vocab import PREFIXES

#: The suffix of each syntax of the ontology, with the export format and the name of it.
SYNTAXES = {
    "ttl": ("turtle", "Turtle"),
    "jsonld": ("jsonld", "JSON-LD"),
    "rdf": ("rdfxml", "RDF/XML"),
    "nt": ("ntriples", "N-Triples"),
}
NAME = "ontology/threatgraph"
_PREVIOUS = (f"{PREFIXES['owl']}priorVersion", "http://purl.org/pav/previousVersion")
_FOLDERS = (
    ("ontology", "*.jsonld", "The JSON-LD context"),
    ("ontology", "a*.ttl", "A part of the ontology in a file of its own"),
    ("ontology/schemes", "*.ttl", "A concept scheme"),
    ("ontology/shapes", "*.ttl", "SHACL shapes"),
    ("ontology/rules", "*.rq", "A rule that derives triples"),
    ("queries", "**/*.rq", "A named query or a check"),
)


def ontology_files(release: Release) -> Iterator[Content]:
    """The files of the ontology, and those that use it; nothing if the graph does not have the ontology.

    Args:
        release: the release.
    """
    if not release.has_ontology:
        return
    triples = _triples(release)
    for suffix, (form, name) in SYNTAXES.items():
        yield fixed(f"{NAME}.{suffix}", f"The ontology in {name}", export_triples(triples, form))
    root = resources.root()
    for folder, pattern, description in _FOLDERS:
        for file in sorted((root / folder).glob(pattern)):
            yield fixed(file.relative_to(root).as_posix(), f"{description}: {file.stem}", _text(file))
    if release.metadata.license:
        for name, description in (("DATA_LICENSE", "The license"), ("NOTICE", "The sources, with their licenses")):
            if (root / name).is_file():  # not in an installed package
                yield fixed(name, description, _text(root / name))


def _triples(release: Release) -> list[Triple]:
    file = resources.ontology_dir() / "threatgraph.ttl"
    found = [quad.triple for quad in parse(path=str(file), format=RdfFormat.TURTLE)]
    if release.previous is not None:
        old = NamedNode(f"{ONTOLOGY}/{release.previous.version}")
        found += [Triple(NamedNode(ONTOLOGY), NamedNode(name), old) for name in _PREVIOUS]
    return found


def _text(file: Path) -> bytes:
    """The content of a file with the line ends that it has in the repository."""
    return file.read_bytes().replace(b"\r\n", b"\n")
