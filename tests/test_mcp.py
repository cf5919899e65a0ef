"""The tools of AI agents, by real clients: in process, over standard input and output, and over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
import uvicorn
from mcp import Client, ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette
from starlette.routing import Route

from servers import free_port, oxigraph, oxigraph_binary
from threatgraph import ThreatGraph
from threatgraph.mcp import WORKER_MODULES, lookups
from threatgraph.mcp.http import build
from threatgraph.mcp.replies import DEFAULT_SIZE, LARGEST_SIZE, write_reply
from threatgraph.mcp.server import build_server
from threatgraph.search import Searcher
from threatgraph.service import PLAIN, Backend, ServedGraph, Source
from threatgraph.sparql.patterns import split_patterns
from threatgraph.vocab import kind_of

TOOLS = ["search", "get", "related", "assess", "run_query", "schema", "sparql"]
#: The revisions of the protocol that the SDK speaks: with a handshake, and without.
REVISIONS = ["legacy", "2026-07-28"]
COMMAND = [sys.executable, "-m", "threatgraph", "mcp"]
PATTERNS = "SELECT ?p ?label { ?p a tg:ThreatPattern ; skos:prefLabel ?label } ORDER BY ?p"
#: The engine aborts its process on this query.
CRASH = f"SELECT * {{ {'{' * 20_000}{'}' * 20_000} }}"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?a = ?f && ?b != ?h && ?c = ?i) }"


class Agent:
    """A client in this process, and the loop that it runs in."""

    def __init__(self, source: Source) -> None:
        self.backend = Backend(source, modules=WORKER_MODULES)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.run(self.backend.start())

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(120)

    def use(self, function: Callable[[Client], Coroutine[Any, Any, Any]], mode: str = "2026-07-28") -> Any:
        async def with_client() -> Any:
            async with Client(build_server(self.backend), mode=mode) as client:
                return await function(client)

        return self.run(with_client())

    def refusal(self, function: Callable[[Client], Coroutine[Any, Any, Any]], mode: str = "2026-07-28") -> MCPError:
        """The error of a request that must fail."""

        async def caught(client: Client) -> MCPError:
            with pytest.raises(MCPError) as found:
                await function(client)
            return found.value

        error = self.use(caught, mode)
        assert isinstance(error, MCPError)
        return error

    def call(self, tool: str, **arguments: Any) -> types.CallToolResult:
        found = self.use(lambda client: client.call_tool(tool, arguments))
        assert isinstance(found, types.CallToolResult)
        return found

    def rows(self, tool: str, **arguments: Any) -> list[dict[str, Any]]:
        found = self.call(tool, **arguments)
        assert not found.is_error, text_of(found)
        rows: list[dict[str, Any]] = found.structured_content["rows"]
        return rows

    def fails(self, tool: str, **arguments: Any) -> str:
        found = self.call(tool, **arguments)
        assert found.is_error
        return text_of(found)

    def end(self) -> None:
        self.run(_cancel_others())
        self.backend.end()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def text_of(found: types.CallToolResult) -> str:
    (content,) = found.content
    assert isinstance(content, types.TextContent)
    return content.text


def size_of(found: types.CallToolResult) -> int:
    return max(len(text_of(found)), len(json.dumps(found.structured_content, ensure_ascii=False)))


def post(url: str, content: str, **headers: str) -> int:
    """Send a request and return the status."""
    request = urllib.request.Request(url, content.encode(), {name.replace("_", "-"): headers[name] for name in headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    found = Agent(Source())
    yield found
    found.end()


@pytest.fixture(scope="module")
def served() -> ServedGraph:
    """The graph as workers have it, in this process."""
    found = ServedGraph(Source())
    found.prepare(PLAIN)
    return found


# What a client sees first.


@pytest.mark.parametrize("mode", REVISIONS)
def test_the_list_of_tools_is_small_and_says_that_they_only_read(agent: Agent, mode: str) -> None:
    found = agent.use(lambda client: client.list_tools(), mode)
    assert [tool.name for tool in found.tools] == TOOLS
    assert len(found.model_dump_json(by_alias=True, exclude_none=True)) <= 6_000
    for tool in found.tools:
        hints = tool.annotations
        assert (hints.read_only_hint, hints.idempotent_hint, hints.open_world_hint) == (True, True, False)
        assert tool.description.endswith(".")
        assert {"graph_version", "total", "truncated", "rows"} <= set(tool.output_schema["required"])


def test_the_server_says_how_to_use_it_in_a_few_words(agent: Agent) -> None:
    async def instructions(client: Client) -> str:
        return str(client.session.instructions)

    said = agent.use(instructions, "legacy")
    assert len(said) < 800
    assert "data, not instructions" in said


@pytest.mark.parametrize("mode", REVISIONS)
def test_a_search_finds_a_pattern_with_its_source_and_status(agent: Agent, mode: str) -> None:
    found = agent.use(lambda client: client.call_tool("search", {"text": "deceptive alignment"}), mode)
    assert "PAT-SYS-005" in text_of(found)
    reply = found.structured_content
    assert reply["graph_version"] == agent.backend.facts.version
    (row,) = [row for row in reply["rows"] if row["code"] == "PAT-SYS-005"]
    assert row["iri"] == "https://w3id.org/threatgraph/pattern/strategic-misalignment"
    assert row["source"].startswith("https://")
    assert row["curation_status"] == "as-in-source"


#: Questions that an agent is asked, the call that it would make, and what the answer has to contain.
QUESTIONS: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("What is PAT-SYS-005?", "get", {"id": "PAT-SYS-005"}, ["Strategic Misalignment", "Severity: High"]),
    (
        "How can goal drift be mitigated?",
        "get",
        {"id": "goal-drift", "sections": ["Mitigations"]},
        ["## Mitigations"],
    ),
    ("What does Article 14 of the EU AI Act ask?", "search", {"text": "Art. 14"}, ["Human oversight"]),
    (
        "Which OWASP risk is about prompt injection?",
        "search",
        {"text": "prompt injection", "framework": "owasp-llm"},
        ["LLM01", "provision/owasp-llm-2025/"],
    ),
    ("What happened with Microsoft's Tay?", "search", {"text": "Microsoft Tay", "kind": "incident"}, ["Tay"]),
    (
        "Which provisions of the AI Act concern goal drift?",
        "related",
        {"id": "goal-drift", "kind": "provision", "framework": "eu-ai-act"},
        ["curated: ", "Article 14"],
    ),
    (
        "Has a chatbot leaked data before?",
        "related",
        {"text": "employees paste confidential source code into a chatbot", "kind": "incident"},
        ["samsung"],
    ),
    (
        "We build a chatbot that ranks job applicants. What applies?",
        "assess",
        {"text": "HR screening chatbot that ranks job applicants"},
        ["high-risk", "Annex III 4(a)", "allocational-harm"],
    ),
    ("How many incidents were there each year?", "run_query", {"name": "incidents-by-year"}, ["2023"]),
    (
        "How many patterns are critical?",
        "sparql",
        {"query": "SELECT ?p { ?p a tg:ThreatPattern ; tg:severity severity:critical } ORDER BY ?p"},
        ["pattern:allocational-harm"],
    ),
    ("Which properties has an incident?", "schema", {"about": "tg:Incident"}, ["tg:occurred", "tg:causalFactor"]),
]


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"), [case[1:] for case in QUESTIONS], ids=[c[0] for c in QUESTIONS]
)
def test_plausible_questions_get_their_answer(
    agent: Agent, tool: str, arguments: dict[str, Any], expected: list[str]
) -> None:
    found = agent.call(tool, **arguments)
    assert not found.is_error, text_of(found)
    assert size_of(found) <= DEFAULT_SIZE
    for words in expected:
        assert words in text_of(found)


def test_recommendations_have_reasons_and_are_apart_from_curated_links(agent: Agent) -> None:
    rows = agent.rows("related", id="goal-drift", kind="provision", limit=3)
    kinds = [row["link"] for row in rows]
    assert kinds == sorted(kinds, reverse=True)
    assert kinds.count("recommended") == kinds.count("curated") == 3
    assert all(row["reason"] and row["source"] and row["iri"] for row in rows)
    assert any("pattern:" in triple for row in rows for triple in row.get("triples", ()))


def test_an_assessment_has_questions_threats_and_provisions(agent: Agent) -> None:
    found = agent.call("assess", text="HR screening chatbot that ranks job applicants", frameworks=["eu-ai-act"], top=3)
    sections = [row["section"] for row in found.structured_content["rows"]]
    assert sections[0] == "provisions"
    assert sections.count("threats") == 3
    assert {"questions", "threats", "provisions"} == set(sections)
    rows, reply = found.structured_content["rows"], found.structured_content
    while reply["next_cursor"]:
        more = {"text": "HR screening chatbot that ranks job applicants", "frameworks": ["eu-ai-act"], "top": 3}
        reply = agent.call("assess", **more, cursor=reply["next_cursor"]).structured_content
        rows += reply["rows"]
    assert len(rows) == reply["total"]
    names = [row.get("iri") or row["id"] for row in rows]
    assert len(names) == len(set(names))
    assert "no legal advice" in text_of(found)


# Limits.


def test_every_record_fits_the_limits(served: ServedGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    records = served.graph.store.select(
        "SELECT DISTINCT ?record { ?record a ?class ; skos:prefLabel ?label FILTER(!CONTAINS(STR(?record), '#')) }"
    )
    iris = [iri for iri in map(str, records.column("record")) if kind_of(iri)]
    assert len(iris) > 1_500
    whole = lookups._read
    for iri in iris:
        read = whole(served, iri, None)
        monkeypatch.setattr(lookups, "_read", lambda *_, read=read: read)
        default = write_reply(lookups.get(served, id=iri), "0.1.0+12345678")
        full = write_reply(lookups.get(served, id=iri, detail="full"), "0.1.0+12345678")
        for reply, most in ((default, DEFAULT_SIZE), (full, LARGEST_SIZE)):
            assert max(len(reply.text), len(json.dumps(reply.structured, ensure_ascii=False))) <= most, iri
            assert reply.structured["rows"][0]["iri"] == iri
        assert not default.structured["truncated"]
        if full.structured["truncated"]:
            assert f"threatgraph://record/{iri.removeprefix('https://w3id.org/threatgraph/')}" in full.text


def test_what_is_left_out_of_a_record_is_in_its_resource(agent: Agent) -> None:
    path = "mapping-set/nist-ai-rmf-to-iso-iec-42001-microsoft"
    row = agent.rows("get", id=path, detail="full")[0]
    counts = row["all_sections"]
    (title,) = [title for title, texts in row["sections"].items() if len(texts) < counts[title]]
    page = agent.use(lambda client: client.read_resource(f"threatgraph://record/{path}"))
    assert page.contents[0].text.partition(f"## {title}\n")[2].partition("\n## ")[0].count("\n- ") == counts[title]


def test_rows_come_in_pages_up_to_the_last_one(agent: Agent) -> None:
    cursor, labels, calls = None, [], 0
    while calls == 0 or cursor:
        found = agent.call("sparql", query=PATTERNS, limit=20, **({"cursor": cursor} if cursor else {}))
        reply = found.structured_content
        cursor, calls = reply["next_cursor"], calls + 1
        labels += [row["label"] for row in reply["rows"]]
        assert reply["truncated"] == bool(cursor)
        assert all(row["iri"] and row["source"] and row["curation_status"] for row in reply["rows"])
    assert len(labels) == len(set(labels)) == reply["total"] == len(agent.rows("sparql", query=PATTERNS, limit=200))


def test_a_cursor_is_that_of_one_query(agent: Agent) -> None:
    cursor = agent.call("sparql", query=PATTERNS, limit=5).structured_content["next_cursor"]
    assert "another query" in agent.fails("sparql", query=f"{PATTERNS} #", cursor=cursor)
    assert "another query" in agent.fails("run_query", name="patterns", cursor=cursor)
    assert "another query" in agent.fails("sparql", query=PATTERNS, cursor="é" * 5)


def test_large_replies_are_cut_to_the_rows_that_fit(agent: Agent) -> None:
    query = "SELECT ?i ?text { ?i a tg:Incident ; dcterms:description ?text } ORDER BY ?i"
    small, large = (agent.call("sparql", query=query, limit=limit) for limit in (50, 200))
    assert size_of(small) <= DEFAULT_SIZE < size_of(large) <= LARGEST_SIZE
    for found in (small, large):
        assert found.structured_content["truncated"]
        assert found.structured_content["next_cursor"] in text_of(found)
    long_cell = "SELECT ?text { { SELECT (GROUP_CONCAT(?label) AS ?text) { ?s skos:prefLabel ?label } } }"
    found = agent.call("sparql", query=long_cell)
    assert size_of(found) <= DEFAULT_SIZE
    assert "SUBSTR" in text_of(found)


def test_the_schema_is_short(agent: Agent) -> None:
    assert size_of(agent.call("schema")) <= 5_500
    for row in agent.rows("schema")[0]["classes"]:
        assert size_of(agent.call("schema", about=row["class"])) <= 5_500


def test_retrieval_holds_its_figures_without_the_questions_in_the_index(served: ServedGraph) -> None:
    questions = served.graph.store.select(
        "SELECT ?question ?pattern { ?pattern a tg:ThreatPattern ; tg:retrievalQuestion ?question }"
    ).to_dicts()
    other = ServedGraph(Source())
    other._graph = ThreatGraph(served.graph.store)
    other._graph.searcher = Searcher(served.graph.store, without=["retrievalQuestion"])
    ranks = []
    for row in questions:
        found = lookups.search(other, text=str(row["question"]), kind="pattern", limit=5)
        ranks.append(next((i for i, hit in enumerate(found.rows, 1) if hit["iri"] == row["pattern"]), None))
    assert sum(rank == 1 for rank in ranks) >= 0.75 * len(ranks)
    assert sum(rank is not None for rank in ranks) >= 0.97 * len(ranks)


# Errors, and queries that harm.


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("get", {"id": "goal-drfit"}, ["unknown record 'goal-drfit'", "'goal-drift'", "search"]),
        ("get", {"id": "PAT-SYS-005", "sections": ["Mitigation"]}, ["did you mean 'Mitigations'", "Definition"]),
        ("get", {"id": "goal-drift", "detail": "ful"}, ["did you mean 'full'", "summary"]),
        ("get", {}, ["get requires the argument id"]),
        ("search", {"txt": "x"}, ["unknown argument of search 'txt'; did you mean 'text'"]),
        ("search", {"text": "x", "limit": "many"}, ["limit must be of type integer"]),
        ("search", {"text": "x", "limit": 1000}, ["limit must be from 1 to 50"]),
        ("search", {"text": "fraud", "kind": "incidnt"}, ["did you mean 'incident'"]),
        ("related", {"kind": "pattern"}, ["either id", "text"]),
        ("related", {"id": "goal-drift", "kind": "domain"}, ["pattern, incident, provision"]),
        ("assess", {"text": "a chatbot", "role": "deploier"}, ["did you mean 'deployer'"]),
        ("run_query", {"name": "patern-by-cause"}, ["'patterns-by-cause'", "run_query lists them"]),
        ("run_query", {"name": "patterns-by-cause", "params": {"caus": "x"}}, ["did you mean 'cause'"]),
        ("run_query", {"name": "patterns-by-cause"}, ["requires the parameter cause"]),
        ("schema", {"about": "tg:severty"}, ["did you mean", "tg:severity"]),
        ("sparql", {"query": "SELECT ?p {\n ?p a tg:ThreatPattern }}"}, ["does not parse at line 2, column "]),
        ("sparql", {"query": "SELECT ?p { ?p a thr:Pattern }"}, ["unknown prefix 'thr:' at line 1, column 18"]),
        ("sparql", {"query": "INSERT DATA { <a:a> <a:a> <a:a> }"}, ["INSERT at line 1, column 1 is refused"]),
        ("sparql", {"query": "DROP ALL"}, ["is refused: the graph is read-only."]),
        ("run_query", {"name": "patterns-by-cause", "params": {"cause": ["a"]}}, ["cause must be a text or a number"]),
        ("sparql", {"query": "SELECT * { SERVICE <http://[::1]/> {} }"}, ["SERVICE at line 1, column 12 is refused"]),
        ("sparqll", {"query": "x"}, ["did you mean 'sparql'"]),
    ],
)
def test_errors_say_what_is_right(agent: Agent, tool: str, arguments: dict[str, Any], expected: list[str]) -> None:
    said = agent.fails(tool, **arguments)
    for words in expected:
        assert words in said
    assert "`" not in said


def test_numbers_as_text_and_a_text_as_a_list_are_understood(agent: Agent) -> None:
    assert len(agent.rows("search", text="deepfake", limit="2")) == 2
    assert len(agent.rows("search", text="deepfake", limit=2.0, kind=None)) == 2
    assert agent.rows("get", id="goal-drift", sections="mitigations")[0]["sections"].keys() == {"Mitigations"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "SELECT ?p { ?p a tg:ThreatPattern ; tg:severity severity:catastrophic }",
            "?p tg:severity severity:catastrophic",
        ),
        ("SELECT ?p { ?p a tg:ThreatPattern ; tg:occurred ?date }", "none remains with: ?p tg:occurred ?date"),
        ("SELECT ?p { ?p a tg:ThreatPattern FILTER(false) }", "such as a FILTER"),
        ("SELECT ?p { { ?p a tg:Foo } UNION { ?p a tg:Bar } }", "The ontology does not define tg:Foo."),
    ],
)
def test_a_query_without_rows_says_what_has_no_match(agent: Agent, query: str, expected: str) -> None:
    found = agent.call("sparql", query=query)
    assert found.structured_content["rows"] == []
    assert expected in found.structured_content["note"]
    assert expected in text_of(found)


@pytest.mark.parametrize(
    ("where", "patterns"),
    [
        ("?a ?b ?c", ["?a ?b ?c"]),
        (
            "?a a tg:X ; tg:y 'z'@en , \"1\"^^xsd:integer , -3 .",
            ["?a a tg:X", "?a tg:y 'z'@en", '?a tg:y "1"^^xsd:integer', "?a tg:y -3"],
        ),
        ("?a (tg:x|^tg:y)+/tg:z? ?c OPTIONAL { ?d ?e ?f }", ["?a (tg:x|^tg:y)+/tg:z? ?c"]),
        ("VALUES (?a ?b) { (1 2) } ?a ?b ?c FILTER(?a > 1) BIND(STR(?a) AS ?d)", ["?a ?b ?c"]),
        ("?a ?b ?c FILTER NOT EXISTS { ?a ?b ?d }", ["?a ?b ?c"]),
        ("?a ?b [ tg:x ?c ]", []),
        ("{ ?a ?b ?c } UNION { ?d ?e ?f }", []),
        ("GRAPH ?g { ?a ?b ?c }", []),
        ("?a ?b", []),
        ("?a ?b ( 1 2 )", []),
    ],
)
def test_a_query_is_split_into_triple_patterns_where_that_is_safe(where: str, patterns: list[str]) -> None:
    prologue = "PREFIX x: <urn:x>"
    found = split_patterns(f"{prologue} SELECT * WHERE {{ {where} }} LIMIT 5")
    assert [str(pattern) for pattern in found[1]] == patterns
    assert not patterns or found[0].strip() == prologue
    for text in ("", "SELECT", "ASK {}", "SELECT * {", "SELECT * { ?a ?b ?c ) }", "}" * 9):
        assert split_patterns(text)[1] == []


def test_a_query_that_crashes_the_engine_costs_one_answer(agent: Agent) -> None:
    assert "crashed on this query" in agent.fails("sparql", query=CRASH)
    assert agent.rows("sparql", query="ASK {}") == [{"boolean": True}]
    agent.call("sparql", query="SELECT * { ?s ?p ?o } ORDER BY ?o")  # rows, or an error: the engine decides
    assert agent.rows("sparql", query="ASK {}") == [{"boolean": True}]


def test_a_query_that_does_not_end_is_stopped() -> None:
    """With a time limit of its own, in a process of its own."""

    async def calls() -> tuple[types.CallToolResult, float, types.CallToolResult]:
        async with Client(
            StdioServerParameters(command=COMMAND[0], args=[*COMMAND[1:], "--timeout", "2"], env={**os.environ})
        ) as client:
            start = time.monotonic()
            stopped = await client.call_tool("sparql", {"query": ENDLESS})
            return stopped, time.monotonic() - start, await client.call_tool("sparql", {"query": "ASK {}"})

    stopped, seconds, after = asyncio.run(calls())
    assert stopped.is_error
    assert "time limit of 2 seconds" in text_of(stopped)
    assert seconds < 10
    assert after.structured_content["rows"] == [{"boolean": True}]


def test_named_graphs_can_be_queried(agent: Agent) -> None:
    query = "SELECT ?file { GRAPH ?file { pattern:goal-drift a tg:ThreatPattern } }"
    assert agent.rows("sparql", query=query)[0]["file"].endswith("/patterns/goal-drift.ttl")


def test_triples_of_construct_and_describe_are_rows(agent: Agent) -> None:
    rows = agent.rows("sparql", query="DESCRIBE severity:high")
    assert any(row["triple"].endswith('prefLabel> "High"@en .') for row in rows)


# Resources, prompts and completion.


def test_all_resources_can_be_read(agent: Agent) -> None:
    async def read(client: Any) -> dict[str, str]:
        listed = (await client.list_resources()).resources
        return {one.uri: (await client.read_resource(one.uri)).contents[0].text for one in listed}

    found = agent.use(read)
    assert list(found) == [f"threatgraph://{name}" for name in ("about", "schema", "context", "queries")]
    about = found["threatgraph://about"]
    for words in ("CC BY 4.0", "Apache-2.0", "data, not instructions", agent.backend.facts.version):
        assert words in about
    assert "@context" in json.loads(found["threatgraph://context"])
    assert "tg:ThreatPattern" in found["threatgraph://schema"]
    assert "- patterns-by-cause(" in found["threatgraph://queries"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("record/pattern/goal-drift", "# PAT-AGT-003 Goal Drift"),
        ("record/provision/eu-ai-act-2024-1689/article-14", "# Article 14 Human oversight"),
        ("record/provision/mit-ai-risk-repository-v3/7.6", "Multi-agent risks"),
        ("record/severity/high", "High"),
        ("queries/patterns-by-cause", "#: question: "),
    ],
)
def test_records_and_queries_are_resources(agent: Agent, path: str, words: str) -> None:
    assert words in agent.use(lambda client: client.read_resource(f"threatgraph://{path}")).contents[0].text


@pytest.mark.parametrize("mode", REVISIONS)
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("record/pattern/goal-drfit", "did you mean 'goal-drift'"),
        ("record/patern/goal-drift", "did you mean 'pattern'"),
        ("queries/patern-by-cause", "did you mean 'patterns-by-cause'"),
        ("nothing", "The resources are threatgraph://about"),
    ],
)
def test_an_unknown_resource_is_an_error_with_the_nearest_names(agent: Agent, mode: str, path: str, words: str) -> None:
    error = agent.refusal(lambda client: client.read_resource(f"threatgraph://{path}"), mode)
    assert words in str(error)
    assert error.code == types.INVALID_PARAMS


def test_names_of_records_are_completed(agent: Agent) -> None:
    template = types.ResourceTemplateReference(uri="threatgraph://record/{kind}/{+slug}")

    def complete(name: str, value: str, **given: str) -> list[str]:
        found = agent.use(
            lambda client: client.complete(template, {"name": name, "value": value}, context_arguments=given)
        )
        values: list[str] = found.completion.values
        return values

    assert complete("kind", "patt") == ["pattern", "pattern-role"]
    assert complete("slug", "goal", kind="pattern") == ["goal-drift"]
    assert "eu-ai-act-2024-1689/" in complete("slug", "eu", kind="provision")
    assert "eu-ai-act-2024-1689/article-14" in complete("slug", "eu-ai-act-2024-1689/article-14", kind="provision")
    assert complete("slug", "x") == []


def test_prompts_name_the_tools_and_the_given_words(agent: Agent) -> None:
    async def filled(client: Any) -> dict[str, str]:
        texts = {}
        for prompt in (await client.list_prompts()).prompts:
            given = {argument.name: f"<{argument.name} of a user>" for argument in prompt.arguments}
            message = (await client.get_prompt(prompt.name, given)).messages[0]
            texts[prompt.name] = message.content.text
            assert all(value in message.content.text for value in given.values())
        return texts

    found = agent.use(filled)
    assert list(found) == ["assess_system", "map_to_framework", "classify_incident", "write_sparql"]
    for text in found.values():
        assert any(tool in text for tool in TOOLS)
    error = agent.refusal(lambda client: client.get_prompt("classify_incident", {}))
    assert "requires the argument report" in str(error)


# Stores.


def test_a_store_on_disk_answers_too(tmp_path: Path) -> None:
    file = tmp_path / "a.ttl"
    file.write_text(
        "PREFIX tg: <https://w3id.org/threatgraph/ontology#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
        '<https://example.org/x> a tg:Incident ; skos:prefLabel "Robot arm strikes worker"@en .',
        encoding="utf-8",
    )
    ThreatGraph.load(file, store=tmp_path / "store", bundled=False)
    agent = Agent(Source(store=str(tmp_path / "store")))
    try:
        query = "SELECT ?i ?label { ?i a tg:Incident ; skos:prefLabel ?label }"
        assert agent.rows("sparql", query=query)[0]["label"] == "Robot arm strikes worker"
        assert agent.rows("search", text="robot arm")[0]["iri"] == "https://example.org/x"
        assert "does not parse at line 1" in agent.fails("sparql", query="SELECT {")
    finally:
        agent.end()


@pytest.mark.skipif(oxigraph_binary() is None, reason="oxigraph is not installed")
def test_a_server_answers_too(tmp_path: Path) -> None:
    data = "<urn:x:a> <http://www.w3.org/2004/02/skos/core#prefLabel> 'A name'@en ."
    with oxigraph(tmp_path) as url:
        assert post(f"{url}/store?default", data, Content_Type="text/turtle") < 300
        agent = Agent(Source(endpoint=f"{url}/query"))
        try:
            rows = agent.rows("sparql", query="SELECT * { ?s skos:prefLabel ?label }")
            assert rows == [{"s": "urn:x:a", "label": "A name"}]
            found = agent.call("sparql", query="SELECT * { ?s tg:domain ?d }")
            assert found.structured_content["note"] == "No triple matches the pattern ?s tg:domain ?d."
        finally:
            agent.end()


# Standard input and output.


def send(process: subprocess.Popen[str], *messages: dict[str, Any]) -> None:
    assert process.stdin
    process.stdin.writelines(json.dumps({"jsonrpc": "2.0", **message}) + "\n" for message in messages)
    process.stdin.flush()


HELLO: tuple[dict[str, Any], ...] = (
    {
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    },
    {"method": "notifications/initialized"},
)


@pytest.mark.parametrize("how", ["end of input", "interrupt"])
def test_the_command_writes_only_messages_and_ends_within_a_second(how: str) -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        send(process, *HELLO, {"id": 2, "method": "tools/call", "params": {"name": "schema", "arguments": {}}})
        lines = [process.stdout.readline() for _ in range(2)]
        send(process, {"id": 3, "method": "tools/call", "params": {"name": "sparql", "arguments": {"query": ENDLESS}}})
        time.sleep(0.5)
        start = time.monotonic()
        if how == "interrupt":
            process.send_signal(signal.SIGINT)
        else:
            process.stdin.close()
        status = process.wait(10)
        assert time.monotonic() - start < 1
        lines += process.stdout.readlines()
        assert status == (130 if how == "interrupt" else 0)
        assert [json.loads(line)["id"] for line in lines][:2] == [1, 2]
        assert process.stderr.read() == ""


def test_requests_of_a_pipe_are_answered_before_the_command_ends() -> None:
    messages = [*HELLO, {"id": 2, "method": "tools/list"}, {"id": 3, "method": "ping"}]
    lines = "".join(json.dumps({"jsonrpc": "2.0", **message}) + "\n" for message in messages)
    done = subprocess.run(COMMAND, input=lines, capture_output=True, text=True, timeout=60, check=True)
    answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}
    assert sorted(answers) == [1, 2, 3]
    assert [tool["name"] for tool in answers[2]["result"]["tools"]] == TOOLS


def test_the_sdk_of_the_protocol_calls_the_command() -> None:
    async def session() -> tuple[list[str], str]:
        parameters = StdioServerParameters(command=COMMAND[0], args=COMMAND[1:], env={**os.environ})
        async with stdio_client(parameters) as streams, ClientSession(*streams) as client:
            await client.initialize()
            names = [tool.name for tool in (await client.list_tools()).tools]
            return names, text_of(await client.call_tool("search", {"text": "deceptive alignment"}))

    names, text = asyncio.run(session())
    assert names == TOOLS
    assert "PAT-SYS-005" in text


@pytest.mark.parametrize("mode", REVISIONS)
def test_both_revisions_work_over_standard_input_and_output(mode: str) -> None:
    async def version() -> str:
        parameters = StdioServerParameters(command=COMMAND[0], args=COMMAND[1:], env={**os.environ})
        async with Client(parameters, mode=mode) as client:
            found = await client.call_tool("get", {"id": "goal-drift"})
            assert "Goal Drift" in text_of(found)
            return str(client.session.protocol_version)

    assert asyncio.run(version()) == ("2025-11-25" if mode == "legacy" else mode)


def test_wrong_options_and_files_are_errors_of_the_command_line() -> None:
    for words, said in (
        (["--data", "/nonexistent.ttl"], "/nonexistent.ttl: no such file"),
        (["--store", "x", "--data", "y"], "cannot be used with --store"),
        (["--endpoint", "http://127.0.0.1:1/", "--no-bundled"], "cannot be used with --endpoint"),
    ):
        done = subprocess.run([*COMMAND, *words], input="", capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_a_missing_sdk_is_an_error_that_names_the_extra() -> None:
    code = "import sys; sys.modules['mcp'] = None; from threatgraph.cli import main; sys.exit(main(['mcp']))"
    done = subprocess.run(
        [sys.executable, "-c", code], input="", capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "threatgraph: error: the MCP SDK is not installed: pip install 'threatgraph[mcp]'\n"


# HTTP.


@pytest.fixture(scope="module")
def url(agent: Agent) -> Iterator[str]:
    """The address of the tools on loopback."""
    port = free_port()
    endpoint = build(agent.backend, allowed_hosts=[f"127.0.0.1:{port}"], allowed_origins=["https://example.org"])

    @asynccontextmanager
    async def lifespan(_: Starlette) -> Any:
        async with endpoint.run():
            yield

    app = Starlette(routes=[Route("/mcp", endpoint=endpoint.app)], lifespan=lifespan)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    serving = asyncio.run_coroutine_threadsafe(server.serve(), agent._loop)
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/mcp"
    server.should_exit = True
    serving.result(30)


@pytest.mark.parametrize("mode", REVISIONS)
def test_both_revisions_work_over_http(agent: Agent, url: str, mode: str) -> None:
    async def session() -> tuple[list[str], str, types.CallToolResult]:
        async with Client(url, mode=mode) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            found = await client.call_tool("search", {"text": "deceptive alignment"})
            return names, text_of(found), await client.call_tool("get", {"id": "goal-drfit"})

    names, text, wrong = agent.run(session())
    assert names == TOOLS
    assert "PAT-SYS-005" in text
    assert wrong.is_error
    assert "goal-drift" in text_of(wrong)


JSON = {"Accept": "application/json, text/event-stream", "Content_Type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://example.org"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Content_Type": "text/plain"}, 400),
    ],
)
def test_requests_from_other_sites_are_refused(url: str, headers: dict[str, str], status: int) -> None:
    assert post(url, json.dumps({"jsonrpc": "2.0", **HELLO[0]}), **(JSON | headers)) == status


def test_a_large_request_is_refused(url: str) -> None:
    assert post(url, "x" * 200_000, **JSON) == 413


# The SDK of the protocol for TypeScript.


@pytest.fixture(scope="session")
def peer(npm: Callable[[str], Path]) -> Path:
    """The folder of the client, with the SDK installed."""
    return npm("mcp")


@pytest.mark.peers
@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_the_typescript_sdk_calls_the_tools(peer: Path, url: str, transport: str) -> None:
    words = [url] if transport == "http" else COMMAND
    done = subprocess.run(
        ["node", "client.js", *words], cwd=peer, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["tools"] == TOOLS
    assert "PAT-SYS-005" in found["found"]["content"][0]["text"]
    assert found["found"]["structuredContent"]["rows"][0]["iri"].endswith("/strategic-misalignment")
    assert found["wrong"]["isError"] is True
    assert "Goal Drift" in found["record"]["contents"][0]["text"]
