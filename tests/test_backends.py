"""The same questions to the graph in memory, in a directory and on servers give the same answers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, serialize

from conftest import _need
from servers import oxigraph, oxigraph_binary, virtuoso
from test_queries import SAMPLES
from threatgraph import ThreatGraph
from threatgraph.catalog import load_catalog
from threatgraph.cli import main
from threatgraph.errors import EndpointError
from threatgraph.store.remote.http import Http
from threatgraph.store.remote.store import RemoteStore, update_request

BACKENDS = ("directory", "oxigraph", "virtuoso")
of_servers = pytest.mark.parametrize("backend", BACKENDS[1:], indirect=True)


class Backend:
    """A store that the bundled graph was put into.

    Args:
        graph: the graph in it.
        options: for a server, those of ``threatgraph sync``.
    """

    def __init__(self, graph: ThreatGraph, options: list[str]) -> None:
        self.graph, self.options = graph, options


# Each in one process of the tests (see conftest.py), that it be started and filled once.
@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "directory":
            assert main(["load", "--store", str(folder / "store")]) == 0
            yield Backend(ThreatGraph.open(store=folder / "store"), [])
        elif request.param == "oxigraph":
            _need(oxigraph_binary() is not None, "the Oxigraph server (PyPI package oxigraph)")
            with oxigraph(folder) as url:
                graphs = ["--graph-store-endpoint", f"{url}/store"]
                yield _synced(["--endpoint", f"{url}/query", "--update-endpoint", f"{url}/update", *graphs])
        else:
            _need(shutil.which("virtuoso-t") is not None, "Virtuoso (Debian package virtuoso-opensource-7)")
            patch.setenv("THREATGRAPH_PASSWORD", "dba")
            patch.setenv("THREATGRAPH_USER", "dba")
            with virtuoso(folder) as url:
                yield _synced(["--endpoint", f"{url}/sparql", "--update-endpoint", f"{url}/sparql-auth"])


def _synced(options: list[str]) -> Backend:
    assert main(["sync", *options]) == 0
    return Backend(ThreatGraph(RemoteStore(options[1])), options)


def test_named_queries(graph: ThreatGraph, backend: Backend) -> None:
    for name, query in load_catalog().items():
        params = {p.name: SAMPLES[p.type] for p in query.parameters if p.default is None}
        here, there = graph.run(name, **params), backend.graph.run(name, **params)
        assert there.columns == here.columns, name
        assert there.rows == here.rows, name


def test_the_graph_comes_home_whole(graph: ThreatGraph, backend: Backend) -> None:
    def lines(of: ThreatGraph) -> list[bytes]:
        return sorted((serialize(of.store.triples(), format=RdfFormat.N_TRIPLES) or b"").splitlines())

    assert lines(backend.graph) == lines(graph)
    assert backend.graph.store.graphs() == graph.store.graphs()


def test_recommendations(graph: ThreatGraph, backend: Backend) -> None:
    for node, kind in (("PAT-SYS-005", "pattern"), ("INC-23-0002", "incident"), ("goal-drift", "provision")):
        here, there = (of.recommend(node, kind=kind, top=5) for of in (graph, backend.graph))
        assert [(str(i), round(i.score, 9)) for i in there] == [(str(i), round(i.score, 9)) for i in here]


def test_search(graph: ThreatGraph, backend: Backend) -> None:
    for text in ("AI corrigibility", "Art. 14", "prmpt injectoin", "deepfake fraud", "GDPR Art. 22"):
        here, there = (of.search(text, top=5) for of in (graph, backend.graph))
        assert there.to_dict() == here.to_dict()


def test_analyses(graph: ThreatGraph, backend: Backend) -> None:
    for name in ("centrality", "communities", "coverage", "gaps", "trends"):
        assert getattr(backend.graph.analytics, name)().rows == getattr(graph.analytics, name)().rows, name


def test_exports(graph: ThreatGraph, backend: Backend) -> None:
    for form in ("nquads", "sssom"):
        assert backend.graph.export(form) == graph.export(form), form


def test_validation(graph: ThreatGraph, backend: Backend) -> None:
    here, there = graph.validate(hints=True), backend.graph.validate(hints=True)
    assert there.checks == here.checks > 0
    assert (there.results, there.notes) == (here.results, here.notes)


@of_servers
def test_a_second_sync_changes_nothing(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sync", *backend.options]) == 0
    assert capsys.readouterr().out.startswith("nothing changed")


@of_servers
def test_load_replaces_a_file_and_sync_removes_it(
    backend: Backend, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.ttl"
    ask = "SELECT ?file ?o WHERE { GRAPH ?file { <urn:x:s> <urn:x:p> ?o } }"
    for value in ("one", "two"):
        mine.write_text(f'<urn:x:s> <urn:x:p> "{value}" .', encoding="utf-8")
        assert main(["load", *backend.options, str(mine)]) == 0
        assert backend.graph.store.select(ask).to_dicts() == [{"file": mine.as_uri(), "o": value}]
        assert backend.graph.store.select("SELECT ?o { <urn:x:s> <urn:x:p> ?o }").column("o") == [value]
    assert main(["sync", "--verbose", *backend.options]) == 0
    assert f"removed: {mine.as_uri()}" in capsys.readouterr().out
    assert not backend.graph.store.ask("ASK { <urn:x:s> ?p ?o }")


XSD = "http://www.w3.org/2001/XMLSchema#"
LITERALS = {
    "decimal": f'"0.50"^^<{XSD}decimal>',
    "month": f'"2020-02"^^<{XSD}gYearMonth>',
    "text": '"color"@en-GB',
    "hard": '"a \\"quote\\", a \\\\ and a \\n line"',
    "ill": f'"many"^^<{XSD}integer>',
}
#: What a server makes of a literal; all that is not named here comes back as it was.
REWRITTEN = {
    "SPARQL 1.1": {"decimal": f'"0.5"^^<{XSD}decimal>', "text": '"color"@en-gb'},
    "Virtuoso": {"decimal": f'"0.5"^^<{XSD}decimal>', "text": '"color"@en-gb'},
}


@of_servers
def test_forms_of_literals(backend: Backend) -> None:
    store = backend.graph.store
    assert isinstance(store, RemoteStore)
    url = backend.options[3]
    http = Http(url)

    def insert(name: str) -> None:
        data = f"INSERT DATA {{ GRAPH <urn:x:forms> {{ <urn:x:s> <urn:x:{name}> {LITERALS[name]} }} }}"
        http.send(update_request(url, data))

    kept = dict(LITERALS)
    if store.dialect.name == "Virtuoso":  # it takes no ill-typed literal
        del kept["ill"]
        with pytest.raises(EndpointError, match="Invalid integer value"):
            insert("ill")
    for name in kept:
        insert(name)
    found = {t.predicate.value.removeprefix("urn:x:"): str(t.object) for t in store.graph_triples("urn:x:forms")}
    http.send(update_request(url, "DROP SILENT GRAPH <urn:x:forms>"))
    assert found == kept | REWRITTEN[store.dialect.name]
