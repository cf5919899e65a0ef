"""A state of the graph that is compared: its statements as written, and those that the rules derive from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.errors import InvalidFile
from threatgraph.rdf.files import find_files, read_quads
from threatgraph.rdf.skolem import skolemize
from threatgraph.rdf.terms import Term
from threatgraph.releases.folder import GRAPH, is_release
from threatgraph.store import Store
from threatgraph.store.oxigraph import derive
from threatgraph.vocab import BASE, DERIVED_GRAPH, PREFIXES, RDF_TYPE, SKOS, TG

BUNDLED = "bundled"
"""The name of the bundled graph of this installation."""
_BLANK = "urn:threatgraph:blank:"
"""The beginning of the IRIs of blank nodes; not the path of the file, so that a copy of a file is equal to it."""
_LABELS = (f"{SKOS}prefLabel", f"{PREFIXES['rdfs']}label", f"{PREFIXES['foaf']}name")
_VERSION = f"{PREFIXES['owl']}versionInfo"
_DEPRECATED = f"{PREFIXES['owl']}deprecated"
_ONTOLOGY = f"{PREFIXES['owl']}Ontology"


class State:
    """The statements of a state of the graph.

    Args:
        name: the name for messages, such as a path.
        triples: the statements as written; named graphs are merged.

    Raises:
        InvalidFile: if no statement is about a record of threatgraph.
    """

    def __init__(self, name: str, triples: Iterable[ox.Triple]) -> None:
        self.name = name
        self.triples = frozenset(triples)
        if not any(map(_is_of_threatgraph, self.triples)):
            reason = f"no record of threatgraph: no IRI of a record begins with {BASE}, and none has a type of it."
            raise InvalidFile(name, reason)

    @cached_property
    def by_subject(self) -> dict[str, list[ox.Triple]]:
        """The statements by the IRI of their subject."""
        found: dict[str, list[ox.Triple]] = {}
        for triple in self.triples:
            found.setdefault(subject_of(triple), []).append(triple)
        return found

    @cached_property
    def derived(self) -> frozenset[ox.Triple]:
        """The statements that the rules of this installation derive from this state."""
        engine = ox.Store()
        # A folder of records has no ontology, which the rules on classes need.
        engine.load(path=str(resources.ontology_dir() / "threatgraph.ttl"), format=ox.RdfFormat.TURTLE)
        engine.extend(ox.Quad(triple.subject, triple.predicate, triple.object) for triple in self.triples)
        lines = b"".join(derive(engine))
        return frozenset(quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES))

    @property
    def version(self) -> str:
        """The version of the ontology; empty if the state does not have the ontology."""
        return next((term.value for term in self.values(TG[:-1], _VERSION) if isinstance(term, ox.Literal)), "")

    def __contains__(self, iri: object) -> bool:
        return iri in self.by_subject

    def values(self, subject: str, *properties: str) -> list[Term]:
        """The values of a subject for the first of some properties that it has, sorted."""
        statements = self.by_subject.get(subject, ())
        for name in properties:
            if found := [triple.object for triple in statements if triple.predicate.value == name]:
                return sorted(found, key=str)
        return []

    def types(self, subject: str) -> set[str]:
        """The IRIs of the classes of a subject."""
        return {term.value for term in self.values(subject, RDF_TYPE) if isinstance(term, ox.NamedNode)}

    def label(self, subject: str) -> str:
        """The label of a subject, in English if there is one; empty without any."""
        found = [term for term in self.values(subject, *_LABELS) if isinstance(term, ox.Literal)]
        found.sort(key=lambda term: not (term.language or "en").startswith("en"))
        return found[0].value if found else ""

    def code(self, subject: str) -> str:
        """The first code of a subject; empty without any."""
        return next((v.value for v in self.values(subject, f"{SKOS}notation") if isinstance(v, ox.Literal)), "")

    def is_retired(self, subject: str) -> bool:
        """Whether a subject is marked as deprecated."""
        return any(isinstance(v, ox.Literal) and v.value in ("true", "1") for v in self.values(subject, _DEPRECATED))

    def is_ontology(self, subject: str) -> bool:
        """Whether a subject is an ontology, whose terms are not its parts."""
        return _ONTOLOGY in self.types(subject)


def read_state(source: str | Path | Store) -> State:
    """Read a state of the graph.

    Args:
        source: an RDF file, a folder of RDF files, the folder of a release, the folder of a store on disk, or a
            checkout, of which only the files of the bundled graph are read; the text ``bundled`` for the bundled graph;
            or a store.

    Raises:
        InvalidFile: if a file is missing, is not RDF or does not parse; if nothing in it is about a record of
            threatgraph.
        ThreatGraphError: if a store cannot be read.
    """
    if source == BUNDLED:
        return State(BUNDLED, _of_files(resources.bundled_files(), resources.root()))
    if not isinstance(source, str | Path):
        return State(source.location, _of_store(source))
    path = Path(source)
    if is_release(path):
        return State(str(source), _of_release(path))
    if path.is_dir():
        from threatgraph.store.disk.manifest import read_manifest

        if read_manifest(path) is not None:
            from threatgraph.store.disk.store import DirectoryStore

            return State(str(source), _of_store(DirectoryStore.open(path)))
        files = resources.bundled_files(path) if resources.has_graph(path) else find_files([path])
        return State(str(source), _of_files(files, path))
    return State(str(source), _of_files(find_files([path]), path))


def _of_files(files: Iterable[Path], folder: Path) -> Iterator[ox.Triple]:
    for file in files:
        name = "" if file == folder else quote(file.relative_to(folder).as_posix())
        yield from skolemize(read_quads(file), _BLANK + name)


def _of_release(folder: Path) -> Iterator[ox.Triple]:
    derived = ox.NamedNode(DERIVED_GRAPH)
    yield from skolemize((quad for quad in read_quads(folder / GRAPH) if quad.graph_name != derived), _BLANK)


def _of_store(store: Store) -> Iterator[ox.Triple]:
    for graph in store.graphs():
        if graph != DERIVED_GRAPH:
            yield from store.graph_triples(graph)


def _is_of_threatgraph(triple: ox.Triple) -> bool:
    subject, predicate, value = triple.subject, triple.predicate, triple.object
    if isinstance(subject, ox.NamedNode) and subject.value.startswith(BASE):
        return True
    return predicate.value == RDF_TYPE and isinstance(value, ox.NamedNode) and value.value.startswith(TG)


def subject_of(triple: ox.Triple) -> str:
    """The IRI of the subject of a statement."""
    subject = triple.subject
    return str(subject) if isinstance(subject, ox.Triple) else subject.value  # RDF 1.2 has no triples as subjects
