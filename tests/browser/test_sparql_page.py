"""The SPARQL page of a server in a browser: it works without scripts, and with them as an editor."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from browsing import Browser, BrowserPage
from http_server import Running, serving
from test_server_clients import RUNAWAY
from threatgraph import ThreatGraph
from threatgraph.export import export_results
from threatgraph.web.query_code import query_code
from threatgraph.web.sparql import EXAMPLE

CODES = (
    "SELECT ?code { ?pattern a tg:ThreatPattern ; tg:severity severity:critical ; skos:notation ?code } ORDER BY ?code"
)
COUNTS = (
    "SELECT ?severity (COUNT(?p) AS ?patterns) { ?p a tg:ThreatPattern ; tg:severity/skos:prefLabel ?severity } "
    "GROUP BY ?severity ORDER BY ?severity"
)
ESCALATIONS = "CONSTRUCT { ?a tg:escalatesTo ?b } { ?a tg:escalatesTo ?b FILTER(?a = pattern:goal-drift) }"
STATUS, ALERT, CONTENT = "p[role=status]", "pre[role=alert]", ".cm-content"
#: What a response with status 400 leaves on the console.
REFUSED = r"status of 400"
SUGGESTED = "[...document.querySelector('.editor').shadowRoot.querySelectorAll('.cm-completionLabel')]"
#: Texts that mean something in one of the languages of the programs.
AWKWARD = [
    'ASK { ?s ?p "a\\"b\\\\c$HOME`id`" }',
    'SELECT * { ?s ?p \'it\'\'s\', """three\nlines \\u00e9 é 風 \'x\'""" }\n# )" )-" !',
    'CONSTRUCT WHERE { ?s ?p "%s {} ${x} \\n" } # "',
    "DESCRIBE <https://example.org/#SELECT>",
    "PREFIX ask: <urn:ask#>\n# SELECT\nASK { ask:a ask:b ?c }\\",
    'SELECT * { ?s ?p "a\u202eb" }',
    '""""',
    '\\"""',
]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving("--timeout", "30") as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Running) -> Iterator[BrowserPage]:
    with browser.page(f"{server.url}/sparql", allow=[REFUSED]) as opened:
        opened.wait(CONTENT)
        yield opened


def write(page: BrowserPage, query: str) -> None:
    """Replace the text of the editor, as pasting does."""
    page.do("focus", CONTENT)
    page.press("Control+A")
    page.do("keyboard.insertText", query)


def run(page: BrowserPage, query: str) -> str:
    """Run a query by the keyboard, and return what the page reports."""
    write(page, query)
    page.press("Control+Enter")
    return answered(page)


def answered(page: BrowserPage) -> str:
    done = f"!/…$/.test(document.querySelector('{STATUS}').textContent) && !document.querySelector('{STATUS}:empty')"
    page.wait_for(f"({done}) || !!document.querySelector('{ALERT}')")
    return str(page.evaluate(f"document.querySelector('{ALERT}, {STATUS}:not(:empty)').textContent"))


def test_it_runs_queries_without_scripts(browser: Browser, server: Running, graph: ThreatGraph) -> None:
    with browser.page(f"{server.url}/sparql", javaScriptEnabled=False) as page:
        page.do("fill", "textarea", CODES)
        page.click("form[data-sparql] button[type=submit]")
        page.wait("table")
        codes = graph.query(CODES)
        assert page.text(STATUS) == f"{len(codes)} rows."  # type: ignore[arg-type]
        page.click("summary >> text=curl")
        assert CODES in page.text("[data-code=shell]")


def test_it_runs_queries_by_the_keyboard_and_links_to_records(page: BrowserPage, server: Running) -> None:
    found = run(page, "SELECT ?pattern { VALUES ?pattern { pattern:goal-drift <https://example.org/a> } }")
    assert found == "2 rows."
    assert page.texts("tbody td") == ["pattern:goal-drift", "https://example.org/a"]
    record, other = page.evaluate("[...document.querySelectorAll('tbody a')].map(one => one.getAttribute('href'))")
    assert (record, other) == ("/pattern/goal-drift", "https://example.org/a")
    assert server.ask(record).status == 200
    assert page.do("url") == f"{server.url}/sparql"
    assert run(page, "ASK { pattern:goal-drift a tg:Incident }") == "No."
    assert run(page, "SELECT * { ?s tg:severity tg:none }") == "No rows."


def test_the_answer_is_that_of_the_library_and_can_be_saved(page: BrowserPage, graph: ThreatGraph) -> None:
    expected = graph.query(COUNTS)
    assert run(page, COUNTS) == "4 rows."
    assert page.texts("tbody td") == [str(value) for row in expected.to_dicts() for value in row.values()]  # type: ignore[union-attr]
    file = page.download("button >> text=CSV")
    assert (file.name, file.text.encode()) == ("results.csv", export_results(expected, "csv"))  # type: ignore[arg-type]
    assert json.loads(page.download("button >> text=JSON").text)["head"] == {"vars": ["severity", "patterns"]}


def test_a_chart_and_a_graph_have_their_values_as_a_table(page: BrowserPage, graph: ThreatGraph) -> None:
    run(page, COUNTS)
    [bars] = page.evaluate("[...document.querySelectorAll('figure svg')].map(one => one.getAttribute('aria-label'))")
    assert bars == "Bar chart of patterns by severity. The table has the same values."
    assert len(page.evaluate("[...document.querySelectorAll('.rows rect')].map(String)")) == 4
    triples = graph.query(ESCALATIONS)
    assert run(page, ESCALATIONS).startswith(f"{len(triples)} triple")  # type: ignore[arg-type]
    assert len(page.evaluate("[...document.querySelectorAll('.network line')].map(String)")) == len(triples)  # type: ignore[arg-type]
    assert page.texts("thead th") == ["subject", "predicate", "object"]
    assert "tg:escalatesTo pattern:" in page.download("button >> text=Turtle").text
    run(page, "SELECT ?a ?b { ?a tg:escalatesTo ?b } LIMIT 5")
    assert page.evaluate("document.querySelectorAll('.network').length") == 1


def test_an_error_is_marked_where_it_is(page: BrowserPage) -> None:
    found = run(page, 'SELECT ?x {\n  ?x rdfs:label "風𝒳" ; tgx:severity ?y .\n}')
    assert found.startswith("unknown prefix 'tgx:' at line 2, column 24")
    assert page.text(".cm-error") == "tgx:severity"
    page.type("X")  # the cursor is there
    assert "; Xtgx:severity" in page.text(CONTENT)
    assert "does not parse at line 1" in run(page, "SELECT ?x {")
    assert page.text(".cm-error") == "{"
    assert run(page, "ASK {}") == "Yes."
    assert page.evaluate("document.querySelector('.editor').shadowRoot.querySelectorAll('.cm-error').length") == 0


def test_problems_have_line_and_column(server: Running) -> None:
    for query, line, column in (("ASK {\n  ?s tgx:a ?o }", 2, 6), ("ASK {}\n; LOAD <urn:x>", 2, 3)):
        reply = server.ask(f"/sparql?query={quote(query)}", Accept="application/sparql-results+json")
        problem = json.loads(reply.body)
        assert (reply.status, problem["line"], problem["column"]) == (400, line, column)
        assert f"line {line}, column {column}" in problem["detail"]


def test_tab_leaves_the_editor(page: BrowserPage) -> None:
    page.do("focus", CONTENT)
    focused = "document.activeElement.innerText || document.activeElement.className"
    assert page.evaluate("document.activeElement.className") == "editor"
    page.press("Tab")
    assert page.evaluate(focused) == "Run"
    page.press("Shift+Tab")
    page.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('.trail') !== null")
    assert page.text(CONTENT).replace("\u200b", "").split() == EXAMPLE.split()
    assert (
        page.evaluate("document.querySelector('.editor').shadowRoot.querySelector('.cm-content').ariaLabel") == "Query"
    )


def suggestions(page: BrowserPage, before: str, typed: str, *, close: bool = True) -> list[str]:
    """What the editor suggests for a word that is typed after a text."""
    write(page, before)
    page.press("Control+End")
    page.type(typed)
    page.wait_for(f"{SUGGESTED}.length > 0")
    page.do("waitForTimeout", 200)  # records come from the server
    found: list[str] = page.evaluate(f"{SUGGESTED}.map(one => one.textContent)")
    if close:
        page.press("Escape")
    return found


def test_terms_and_records_are_suggested(page: BrowserPage) -> None:
    page.wait(".examples")  # the terms are loaded then
    assert suggestions(page, "SELECT * { ?x a ", "tg:Inc")[:1] == ["tg:Incident"]
    assert suggestions(page, "SELECT * { ?x a ", "threat")[0] == "tg:ThreatPattern"
    assert "skos:" in suggestions(page, "SELECT * { ?x ", "sk")
    of_incidents = suggestions(page, "SELECT * { ?x a tg:Incident ; ", "tg:")
    assert "tg:deployer" in of_incidents
    assert "tg:mechanismSummary" not in of_incidents  # of patterns
    write(page, "ASK { ?x skos:related ")
    page.press("Control+End")
    page.type("pattern:goal-dri")
    page.wait(".cm-completionLabel >> text=Goal Drift")
    page.do("waitForTimeout", 150)  # a suggestion that has just appeared is not accepted, since it may be an accident
    page.press("Enter")
    assert page.text(CONTENT) == "ASK { ?x skos:related pattern:goal-drift"


def test_a_linked_query_is_shown_and_not_run(browser: Browser, server: Running) -> None:
    query = 'SELECT * { ?s ?p "a+b%20#?&é" }'
    with browser.page(f"{server.url}/sparql#query={quote(query)}") as page:
        page.wait(CONTENT)
        page.wait(".examples")
        assert page.text(CONTENT) == query
        assert page.texts("table") == page.texts(ALERT) == []
        requests = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
        assert not [url for url in requests if url.endswith("/sparql")]
        write(page, "ASK { <urn:a> <urn:b> '+' }")
        page.click("text=Link to this query")
        assert page.do("url") == f"{server.url}/sparql#query=" + quote("ASK { <urn:a> <urn:b> '+' }", safe="'")
        page.do("reload")
        page.wait(CONTENT)
        assert page.text(CONTENT) == "ASK { <urn:a> <urn:b> '+' }"
    with browser.page(f"{server.url}/sparql?query={quote('ASK {}')}", javaScriptEnabled=False) as page:
        assert page.text(STATUS) == "Yes."


def test_a_named_query_is_loaded_into_the_editor(page: BrowserPage, graph: ThreatGraph) -> None:
    page.wait(".examples")
    page.do("selectOption", "select", "patterns-by-cause")
    page.click("text=Load into the editor")
    assert page.text(CONTENT).startswith(f"# {graph.queries['patterns-by-cause'].question}")
    assert page.do("getAttribute", "text=Open its page", "href") == "/queries/patterns-by-cause"


def test_a_query_can_be_canceled(page: BrowserPage, server: Running) -> None:
    write(page, RUNAWAY)
    page.press("Control+Enter")
    page.click("text=Cancel")
    assert answered(page) == "Canceled."
    page.wait("text=Cancel", "hidden")
    assert server.says(r"POST /sparql 499", wait=5)  # no worker computes for nobody
    assert run(page, "ASK {}") == "Yes."


def test_the_programs_are_those_of_the_page_without_scripts(page: BrowserPage, server: Running) -> None:
    for query in AWKWARD:
        write(page, query)
        for code in query_code(query, f"{server.url}/sparql"):
            assert page.do("textContent", f"[data-code={code.name}]") == code.text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_conforms_to_wcag_as_far_as_axe_can_tell(browser: Browser, server: Running, scheme: str) -> None:
    """Before and after a query: a chart, a graph, an error, and suggestions."""
    with browser.page(f"{server.url}/sparql", colorScheme=scheme, allow=[REFUSED]) as page:
        page.wait(".examples")
        assert page.violations() == []
        for query in (COUNTS, ESCALATIONS, "SELECT ?x { # a comment\n ?x tgx:a 'a'@en, 5 ; a <urn:x> }"):
            run(page, query)
            assert page.violations() == []
        suggestions(page, "SELECT * { ?x a tg:Incident ; ", "tg:", close=False)
        # The list is scrolled by the keys of the editor, which keeps the focus.
        assert page.violations("scrollable-region-focusable") == []


def test_the_colors_have_the_contrast_of_wcag() -> None:
    style = (Path(__file__).parents[2] / "src/threatgraph/web/static/style.css").read_text(encoding="utf-8")
    schemes: list[dict[str, str]] = [{}, {}]
    for scheme, block in re.findall(r"(prefers-color-scheme: dark\) \{\s*)?:root \{(.*?)\}", style, re.DOTALL):
        schemes[bool(scheme)] |= dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    for colors in schemes:
        names = [name for name in colors if name.startswith("syntax-") and name != "syntax-selection"]
        assert len(names) == 6
        for name in names:
            for ground in ("page", "raised", "syntax-selection") if name != "syntax-error" else ("page",):
                assert contrast(colors[name], colors[ground]) >= 4.5, (name, ground)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(color: str) -> float:
        parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
