"""The same questions to the graph in memory and on servers give the same answers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, serialize

from conftest import _need
from servers import oxigraph, oxigraph_binary, virtuoso
from threatgraph import ThreatGraph
from threatgraph.catalog import load_catalog
from threatgraph.cli import main
from threatgraph.errors import EndpointError
from threatgraph.store.http import Http
from threatgraph.store.remote import RemoteStore, update_request

SAMPLES = {
    "causal-factor": "regulatory-gap",
    "date": "2026-11-01",
    "framework": "eu-ai-act-2024-1689",
    "group": "consumers",
    "incident": "INC-23-0002",
    "integer": "5",
    "pattern": "PAT-SYS-005",
    "provision": "mit:7",
    "string": "a",
}
SERVERS = ("oxigraph", "virtuoso")


class Server:
    """A server that `threatgraph sync` has filled."""

    def __init__(self, options: list[str]) -> None:
        self.options = options
        self.graph = ThreatGraph(RemoteStore(options[1]))


# Each server in one process of the tests, that it be started and filled once.
@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in SERVERS])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "oxigraph":
            _need(oxigraph_binary() is not None, "the Oxigraph server (PyPI package oxigraph)")
            with oxigraph(folder) as url:
                options = ["--endpoint", f"{url}/query", "--update-endpoint", f"{url}/update"]
                assert main(["sync", *options]) == 0
                yield Server(options)
            return
        _need(shutil.which("virtuoso-t") is not None, "Virtuoso (Debian package virtuoso-opensource-7)")
        patch.setenv("THREATGRAPH_PASSWORD", "dba")
        patch.setenv("THREATGRAPH_USER", "dba")
        with virtuoso(folder) as url:
            options = ["--endpoint", f"{url}/sparql", "--update-endpoint", f"{url}/sparql-auth"]
            assert main(["sync", *options]) == 0
            yield Server(options)


def test_named_queries(graph: ThreatGraph, server: Server) -> None:
    for name, query in load_catalog().items():
        params = {p.name: SAMPLES[p.type] for p in query.parameters if p.default is None}
        here, there = graph.run(name, **params), server.graph.run(name, **params)
        assert there.columns == here.columns, name
        assert there.rows == here.rows, name


def test_checks(graph: ThreatGraph, server: Server) -> None:
    assert server.graph.check().rows == graph.check().rows


def test_the_graph_comes_home_whole(graph: ThreatGraph, server: Server) -> None:
    def lines(of: ThreatGraph) -> list[bytes]:
        return sorted((serialize(of.store.triples(), format=RdfFormat.N_TRIPLES) or b"").splitlines())

    assert lines(server.graph) == lines(graph)
    assert server.graph.store.graphs() == graph.store.graphs()


def test_recommendations(graph: ThreatGraph, server: Server) -> None:
    for node, kind in (("PAT-SYS-005", "pattern"), ("INC-23-0002", "incident"), ("goal-drift", "provision")):
        here = graph.recommend(node, kind=kind, top=5)
        there = server.graph.recommend(node, kind=kind, top=5)
        assert [(str(i), round(i.score, 9)) for i in there] == [(str(i), round(i.score, 9)) for i in here]


def test_analyses_exports_and_validation(graph: ThreatGraph, server: Server) -> None:
    for name in ("centrality", "gaps"):
        assert getattr(server.graph.analytics, name)().rows == getattr(graph.analytics, name)().rows
    for form in ("turtle", "sssom"):
        assert server.graph.export(form) == graph.export(form)
    report = server.graph.validate()
    assert (report.findings, report.notes) == (graph.validate().findings, [])


def test_a_second_sync_changes_nothing(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sync", *server.options]) == 0
    assert capsys.readouterr().out == "nothing changed\n"


def test_load_replaces_a_file_and_sync_removes_it(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.ttl"
    ask = "SELECT ?file ?o WHERE { GRAPH ?file { <urn:x:s> <urn:x:p> ?o } }"
    for value in ("one", "two"):
        mine.write_text(f'<urn:x:s> <urn:x:p> "{value}" .', encoding="utf-8")
        assert main(["load", *server.options, str(mine)]) == 0
        assert server.graph.store.select(ask).to_dicts() == [{"file": mine.as_uri(), "o": value}]
        assert server.graph.store.select("SELECT ?o { <urn:x:s> <urn:x:p> ?o }").column("o") == [value]
    assert main(["sync", *server.options]) == 0
    assert f"removed: {mine.as_uri()}" in capsys.readouterr().out
    assert not server.graph.store.ask("ASK { <urn:x:s> ?p ?o }")


XSD = "http://www.w3.org/2001/XMLSchema#"
LITERALS = {
    "decimal": f'"0.50"^^<{XSD}decimal>',
    "month": f'"2020-02"^^<{XSD}gYearMonth>',
    "text": '"colour"@en-GB',
    "hard": '"a \\"quote\\", a \\\\ and a \\n line"',
    "ill": f'"many"^^<{XSD}integer>',
}
#: What a server makes of a literal; all that is not named here comes back as it was.
REWRITTEN = {
    "SPARQL 1.1": {"decimal": f'"0.5"^^<{XSD}decimal>', "text": '"colour"@en-gb'},
    "Virtuoso": {"decimal": f'"0.5"^^<{XSD}decimal>', "text": '"colour"@en-gb'},
}


def test_forms_of_literals(server: Server) -> None:
    store = server.graph.store
    assert isinstance(store, RemoteStore)
    url = server.options[3]
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
