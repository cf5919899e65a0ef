"""The SPARQL page of a site of files in a browser: queries run by WebAssembly, with the answers of the command line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import QueryResultsFormat, RdfFormat, parse, parse_query_results
from test_sparql_page import ALERT, CODES, CONTENT, STATUS, answered, run, write

from browsing import Browser, BrowserPage
from test_server_clients import CRASH, RUNAWAY
from test_site import SubPath
from threatgraph import ThreatGraph
from threatgraph.catalog import NamedQuery
from threatgraph.lookup import bind
from threatgraph.sparql.binding import bind_values
from threatgraph.table import Table
from threatgraph.web.file_pages import GRAPH_NAME, INDEX_NAME, worker_files
from threatgraph.web.query_code import query_code
from threatgraph.web.site_parts import Site, shared_parts
from threatgraph.web.sparql import EXAMPLE
from threatgraph.web.sparql_terms import editable

#: A query of each form, and of named graphs.
FORMS = (
    "SELECT ?x ?label { ?x a tg:Domain ; skos:prefLabel ?label FILTER(LANG(?label) = 'en') }",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT ?graph (COUNT(*) AS ?n) { GRAPH ?graph { ?s tg:severity ?o } } GROUP BY ?graph",
    "SELECT ?p FROM <https://w3id.org/threatgraph/graph/data/patterns/goal-drift.ttl> { pattern:goal-drift ?p ?o }",
    "SELECT (AVG(?n) AS ?mean) { SELECT (COUNT(?i) AS ?n) { ?i tg:involvesPattern ?p } GROUP BY ?p }",
    "ASK { pattern:goal-drift tg:severity severity:high }",
    "ASK { pattern:goal-drift tg:severity severity:low }",
    "CONSTRUCT { ?a skos:related ?b } { ?a tg:escalatesTo ?b }",
    "DESCRIBE pattern:goal-drift",
)
#: Loads the graph in a worker of the page, and evaluates queries there one after another.
EVALUATE = """
async (queries) => {
  const { worker: script, engine, graph, terms } = document.querySelector("form[data-sparql]").dataset;
  const { prefixes } = await (await fetch(terms)).json();
  const worker = new Worker(script, { type: "module" });
  const send = (request) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.error) reject(data.error.message);
      else if ("value" in data) resolve(data.value);
    };
    worker.postMessage({ id: 0, ...request });
  });
  const absolute = (url) => new URL(url, document.baseURI).href;
  const base = "https://w3id.org/threatgraph/";
  await send({ action: "start", engine: absolute(engine), graph: absolute(graph), prefixes, base });
  const answers = [];
  for (const query of queries) answers.push(await send({ action: "run", query, triples: "application/n-triples" }));
  worker.terminate();
  return answers;
}
"""


@pytest.fixture(scope="module")
def site(graph: ThreatGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the page needs, of a site of the bundled graph."""
    folder = tmp_path_factory.mktemp("site")
    for part in shared_parts(Site(graph, None)):
        for name, content in part.files.items():
            if name in ("sparql.html", GRAPH_NAME, INDEX_NAME) or name.startswith("static/"):
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_bytes(content())
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SubPath, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/some/site/sparql.html"
        server.shutdown()


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[BrowserPage]:
    """One page for several tests, so that the graph is loaded once."""
    with browser.page(address) as opened:
        opened.wait(CONTENT)
        yield opened


def bound(graph: ThreatGraph, query: NamedQuery) -> str:
    """The text of a named query with the defaults of its parameters, and a value for each that has none."""
    needed = {one.name: one.type for one in query.parameters if one.default is None}
    if not needed:
        return editable(query)
    plain = {"string": "model", "date": "2026-01-01"}
    values = {name: plain.get(of) or graph.list(of).column("record")[0] for name, of in needed.items()}
    return bind_values(query.sparql, bind(graph.store, query, values))


def rows(answer: Any) -> list[str]:
    """The rows or triples of an answer, in an order that does not depend on the store."""
    if isinstance(answer, bool):
        return [str(answer)]
    if isinstance(answer, Table):
        return sorted(str([str(term) for term in row]) for row in answer.rows)
    return sorted(map(str, answer))


def read(answer: dict[str, str]) -> Any:
    """The answer of the worker."""
    if answer["type"] == "application/n-triples":
        return [quad.triple for quad in parse(answer["text"], format=RdfFormat.N_TRIPLES)]
    if "boolean" in (found := json.loads(answer["text"])):
        return found["boolean"]
    solutions = parse_query_results(answer["text"], format=QueryResultsFormat.JSON)
    return Table([one.value for one in solutions.variables], [tuple(row) for row in solutions])  # type: ignore[union-attr]


def test_queries_have_the_answers_of_the_command_line(page: BrowserPage, graph: ThreatGraph) -> None:
    """Named queries with the defaults of their parameters, and each form of SPARQL."""
    texts = [*(bound(graph, query) for query in graph.queries.values()), *FORMS]
    answers = page.do("evaluate", f"({EVALUATE})({json.dumps(texts)})")
    for text, answer in zip(texts, answers, strict=True):
        assert rows(read(answer)) == rows(graph.query(text, raw=True)), text


def test_results_link_to_the_pages_of_records(page: BrowserPage) -> None:
    found = run(page, "SELECT ?x { VALUES ?x { pattern:goal-drift pattern:none tg:severity <https://example.org/> } }")
    assert found == "4 rows."
    links = page.evaluate("[...document.querySelectorAll('tbody a')].map(one => one.getAttribute('href'))")
    assert links == ["./pattern/goal-drift.html", "./ontology.html#severity", "https://example.org/"]
    assert run(page, "DESCRIBE pattern:goal-drift").endswith(" triples.")
    assert "<https://w3id.org/threatgraph/pattern/goal-drift>" in page.download("button >> text=Turtle").text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("ASK {\n  SERVICE <https://example.org/> { ?s ?p ?o } }", "SERVICE at line 2, column 3 is refused: federated"),
        ("LOAD <https://example.org/>", "LOAD at line 1, column 1 is refused: the graph is read-only here"),
        ("SELECT ?x {\n  ?x tgx:severity ?y }", "unknown prefix 'tgx:' at line 2, column 6; declare it"),
        ("SELECT ?x {", "the query does not parse at line 1, column 12"),
    ],
)
def test_errors_are_marked_where_they_are(page: BrowserPage, query: str, message: str) -> None:
    assert run(page, query).startswith(message)
    assert page.text(".cm-error") in ("SERVICE", "LOAD", "tgx:severity", "{")


def test_records_are_suggested(page: BrowserPage) -> None:
    write(page, "ASK { ?x skos:related ")
    page.press("Control+End")
    page.type("goal")
    page.wait(".cm-completionLabel >> text=Goal Drift")
    page.press("Escape")


def test_the_code_runs_on_the_machine_of_the_reader(page: BrowserPage) -> None:
    write(page, EXAMPLE)
    for code in query_code(EXAMPLE, None):
        assert page.do("textContent", f"[data-code={code.name}]") == code.text


def test_a_query_can_be_canceled_and_a_fault_costs_one_answer(page: BrowserPage) -> None:
    write(page, RUNAWAY)
    page.press("Control+Enter")
    page.wait_for(f"document.querySelector('{STATUS}').textContent === 'Running the query…'")
    page.click("text=Cancel")
    assert answered(page) == "Canceled."
    assert run(page, "ASK {}") == "Yes."
    assert "failed" in run(page, CRASH)
    assert run(page, "ASK {}") == "Yes."


def test_a_linked_query_is_shown_and_not_run(browser: Browser, address: str) -> None:
    with browser.page(f"{address}#query=ASK%20%7B%7D") as page:
        page.wait(".examples")
        assert page.violations() == []
        assert page.text(CONTENT) == "ASK {}"
        requests = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
        assert not [url for url in requests if url.endswith((GRAPH_NAME, worker_files()[1].name))]


FALLBACK = "[data-fallback]"


def test_it_says_what_to_do_without_webassembly(browser: Browser, address: str) -> None:
    with browser.page(address, scripts=["delete window.WebAssembly"]) as page:
        assert "WebAssembly is turned off" in page.text(FALLBACK)
        assert page.violations() == []
        assert page.evaluate("document.querySelector('form[data-sparql]').offsetParent === null")
        assert "threatgraph query" in page.text("main")


def test_it_says_what_to_do_without_scripts(browser: Browser, address: str) -> None:
    with browser.page(address, javaScriptEnabled=False) as page:
        assert "if it has JavaScript and WebAssembly" in page.text(FALLBACK)
        page.wait("form[data-sparql]", "hidden")


def test_it_says_what_to_do_as_a_file(browser: Browser, site: Path) -> None:
    with browser.page((site / "sparql.html").as_uri()) as page:
        assert "was opened as a file" in page.text(FALLBACK)
        page.wait("form[data-sparql]", "hidden")


def test_a_worker_that_is_not_there_is_reported(browser: Browser, address: str) -> None:
    script = "window.Worker = class extends Worker { constructor(u, o) { super(u + '-gone', o); } };"
    with browser.page(address, scripts=[script], allow=["404"]) as page:
        page.wait(CONTENT)
        assert "cannot be started" in run(page, CODES)
        assert page.text(ALERT)
