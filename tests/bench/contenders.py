"""The engines that the store benchmark compares, behind a common interface.

All engines read the same N-Triples file, derive the same shortcuts with the rules in ``ontology/rules/``, and evaluate
the same queries. Features that an engine lacks are not in its :meth:`Contender.works`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from threatgraph import ThreatGraph, resources
from threatgraph.catalog import load_checks
from threatgraph.export import FORMATS, export_table
from threatgraph.sparql.binding import Bindings, bind_values
from threatgraph.vocab import BASE, PREFIXES

ASKED = f"{BASE}pattern/strategic-misalignment"
"""The query of the recommendations; a subset of the bundled graph has it too."""

Work = Callable[[], int]
"""A unit of work; returns a count that must be the same for all engines, or the size of the output."""


def rules() -> list[str]:
    """The rules that derive shortcuts, as SPARQL."""
    return [file.read_text(encoding="utf-8") for file in sorted((resources.ontology_dir() / "rules").glob("*.rq"))]


def checks() -> list[str]:
    """The cross-record checks that run by default, as SPARQL."""
    return [check.sparql for check in load_checks().values() if check.severity != "info"]


def declared(sparql: str) -> str:
    """A query with the prefixes of threatgraph declared."""
    return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items()) + sparql


class Contender:
    """An engine.

    Attributes:
        forks: whether a process that has loaded a graph can be forked; engines with threads cannot.
        patient: whether the engine has a longer time limit, because its costs must be measured completely.
    """

    forks = True
    patient = False

    def prepare(self, file: Path, folder: Path) -> Work | None:
        """Return the work that loads the file once; ``None`` if each opening loads the file."""
        return None

    def open(self, file: Path, folder: Path) -> None:
        """Open the graph for queries."""
        raise NotImplementedError

    def query(self, sparql: str, bindings: Bindings) -> Work:
        """Return the work that evaluates a query and counts its rows."""
        raise NotImplementedError

    def direct(self, sparql: str, bindings: Bindings) -> Work | None:
        """Return the same query on the underlying engine; ``None`` if it has no layer above it."""
        return None

    def works(self) -> Mapping[str, Work]:
        """Return the other work of the engine, by the name of the row."""
        return {}

    def warm(self, row: str) -> None:
        """Prepare a case; this is not measured."""
        return


class Memory(Contender):
    """threatgraph, the graph in memory."""

    patient = True
    graph: ThreatGraph

    def open(self, file: Path, folder: Path) -> None:
        self.graph = ThreatGraph.open([file], bundled=False)

    def query(self, sparql: str, bindings: Bindings) -> Work:
        return lambda: len(self.graph.store.select(sparql, bindings))

    def direct(self, sparql: str, bindings: Bindings) -> Work | None:
        engine = self.graph.store._store  # type: ignore[attr-defined]
        text = bind_values(sparql, bindings)
        return lambda: _rows(engine, text)

    def works(self) -> Mapping[str, Work]:
        exports = {f"export {name}": partial(self._export, name) for name in FORMATS}
        return {
            "validate": lambda: len(self.graph.validate().results),
            "validate, checks alone": lambda: sum(len(self.graph.store.select(text)) for text in checks()),
            **exports,
            "export csv (of incidents)": lambda: len(export_table(self.graph.run("incidents"), "csv")),
            "recommend, first": lambda: len(ThreatGraph(self.graph.store).recommend(ASKED)),
            "recommend, again": lambda: len(self.graph.recommend(ASKED)),
        }

    def _export(self, name: str) -> int:
        return len(self.graph.export(name))

    def warm(self, row: str) -> None:
        if row == "recommend, again":
            self.graph.recommend(ASKED)


class Disk(Memory):
    """threatgraph, the graph in a directory store."""

    def prepare(self, file: Path, folder: Path) -> Work | None:
        from threatgraph.store.disk.load import load
        from threatgraph.store.inputs import file_sources

        return lambda: load(folder, file_sources([file]), bundled=False).triples

    def open(self, file: Path, folder: Path) -> None:
        self.graph = ThreatGraph.open(store=folder)


class Oxigraph(Contender):
    """pyoxigraph alone, in memory: the lower bound for the memory store of threatgraph."""

    patient = True
    engine: ox.Store

    def open(self, file: Path, folder: Path) -> None:
        self.engine = ox.Store()
        self._fill(file)

    def _fill(self, file: Path) -> None:
        self.engine.bulk_load(path=str(file), format=ox.RdfFormat.N_TRIPLES)
        for rule in rules():
            derived = self.engine.query(rule, prefixes=PREFIXES)
            assert isinstance(derived, ox.QueryTriples)
            self.engine.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in list(derived))

    def query(self, sparql: str, bindings: Bindings) -> Work:
        text = bind_values(sparql, bindings)
        return lambda: _rows(self.engine, text)

    def works(self) -> Mapping[str, Work]:
        forms = {
            "turtle": ox.RdfFormat.TURTLE,
            "jsonld": ox.RdfFormat.JSON_LD,
            "ntriples": ox.RdfFormat.N_TRIPLES,
            "rdfxml": ox.RdfFormat.RDF_XML,
        }
        return {
            "validate, checks alone": lambda: sum(_rows(self.engine, text) for text in checks()),
            **{f"export {name}": partial(self._export, form) for name, form in forms.items()},
        }

    def _export(self, form: ox.RdfFormat) -> int:
        return len(self.engine.dump(format=form, from_graph=ox.DefaultGraph()) or b"")


class OxigraphDisk(Oxigraph):
    """pyoxigraph alone, on disk: the lower bound for the directory store of threatgraph."""

    def prepare(self, file: Path, folder: Path) -> Work | None:
        def fill() -> int:
            self.engine = ox.Store(str(folder))
            self._fill(file)
            self.engine.flush()
            return len(self.engine)

        return fill

    def open(self, file: Path, folder: Path) -> None:
        self.engine = ox.Store.read_only(str(folder))


class Rdflib(Contender):
    """Plain rdflib, with pyshacl to validate."""

    def open(self, file: Path, folder: Path) -> None:
        import rdflib

        self.graph = rdflib.Graph()
        self.graph.parse(file, format="nt")
        for rule in rules():
            for triple in list(self.graph.query(rule)):
                self.graph.add(triple)  # type: ignore[arg-type]

    def query(self, sparql: str, bindings: Bindings) -> Work:
        text = bind_values(sparql, bindings)
        return lambda: len(list(self.graph.query(text, initNs=PREFIXES)))

    def works(self) -> Mapping[str, Work]:
        forms = {"turtle": "turtle", "jsonld": "json-ld", "ntriples": "nt", "rdfxml": "xml"}
        return {"validate": self._validate, **{f"export {name}": partial(self._export, forms[name]) for name in forms}}

    def _export(self, form: str) -> int:
        return len(self.graph.serialize(format=form))

    def _validate(self) -> int:
        import pyshacl
        import rdflib

        shapes = rdflib.Graph()
        for file in sorted((resources.ontology_dir() / "shapes").glob("*.ttl")):
            shapes.parse(file)
        _, report, _ = pyshacl.validate(self.graph, shacl_graph=shapes)
        severity = rdflib.SH.resultSeverity
        return sum(1 for _, value in report.subject_objects(severity) if value != rdflib.SH.Info)


class Maplib(Contender):
    """maplib: columns of values in Polars frames. The time includes making the result frame."""

    forks = False
    model: Any

    def open(self, file: Path, folder: Path) -> None:
        from maplib import Model

        self.model = Model()
        self.model.read(str(file), format="ntriples")
        for rule in rules():
            self.model.insert(rule)

    def query(self, sparql: str, bindings: Bindings) -> Work:
        text = declared(bind_values(sparql, bindings))
        return lambda: int(self.model.query(text).height)

    def works(self) -> Mapping[str, Work]:
        forms = {"turtle": "turtle", "ntriples": "ntriples", "rdfxml": "rdf/xml"}
        return {f"export {name}": partial(self._export, form) for name, form in forms.items()}

    def _export(self, form: str) -> int:
        return len(self.model.writes(format=form))


def contenders() -> dict[str, Contender]:
    """The installed engines, by the heading of their column; threatgraph first."""
    found: dict[str, Contender] = {
        "memory": Memory(),
        "disk": Disk(),
        "pyoxigraph": Oxigraph(),
        "pyoxigraph on disk": OxigraphDisk(),
        "rdflib": Rdflib(),
    }
    return found | ({"maplib": Maplib()} if find_spec("maplib") else {})


def _rows(engine: ox.Store, text: str) -> int:
    answer = engine.query(text, prefixes=PREFIXES)
    assert isinstance(answer, ox.QuerySolutions)
    return len([tuple(row) for row in answer])  # results are lazy
