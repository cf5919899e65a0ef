"""The views of the explorer: what they show is what the graph states, as pages of a server and as files."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
import rdflib
from rdflib.namespace import RDF, SKOS

from excerpt import open_excerpt
from http_server import Running, serving
from test_web import Page
from threatgraph import ThreatGraph
from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.records import read_inbound, read_record
from threatgraph.vocab import BASE, KINDS
from threatgraph.web.links import Links
from threatgraph.web.neighborhood import MOST, draw
from threatgraph.web.site_parts import Site, shared_parts
from threatgraph.web.views import PATHS, catalog

LINKS = Links()
TG = rdflib.Namespace(f"{BASE}ontology#")
SSSOM = rdflib.Namespace("https://w3id.org/sssom/")
LARGEST_PAGE = 60_000
STRANGE = """
@prefix pattern: <https://w3id.org/threatgraph/pattern/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix tg: <https://w3id.org/threatgraph/ontology#> .

pattern:strange-for-tests a tg:ThreatPattern ; skos:prefLabel "<b>\\u05E9\\u05DC\\u05D5\\u05DD</b> & \\u202Eevil"@he ;
    skos:related pattern:goal-drift, pattern:alone-for-tests .
pattern:alone-for-tests a tg:ThreatPattern ; skos:prefLabel "A name \\"of\\" very very very many words & <signs>"@en .
"""


@pytest.fixture(scope="module")
def merged(graph: ThreatGraph) -> rdflib.Graph:
    """The graph as rdflib reads its N-Triples."""
    return rdflib.Graph().parse(data=graph.export("ntriples"), format="nt")


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> ThreatGraph:
    """A graph without frameworks and incidents, whose labels have markup and right-to-left text."""
    file = tmp_path_factory.mktemp("strange") / "strange.ttl"
    file.write_text(STRANGE, encoding="utf-8")
    return ThreatGraph.open(file, bundled=False)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving("--workers", "2") as running:
        yield running


def html(graph: ThreatGraph, path: str, *given: tuple[str, str]) -> str:
    """The HTML of a view, whose elements are nested as they should be."""
    page = catalog.render(graph, path, LINKS, given)
    assert page is not None, path
    content = page.document("html").content
    assert len(gzip.compress(content)) < LARGEST_PAGE
    assert [tag for tag, _ in Page(content).tags].count("h1") == 1
    return content.decode()


def rows(graph: ThreatGraph, path: str, *given: tuple[str, str]) -> list[dict[str, str]]:
    """The rows of a view as CSV, which are those of JSON."""
    page = catalog.render(graph, path, LINKS, given)
    assert page is not None, path
    found = list(csv.DictReader(io.StringIO(page.document("csv").content.decode())))
    same = json.loads(page.document("json").content)["rows"]
    assert len(found) == len(same)
    return found


def iri(path: str) -> rdflib.URIRef:
    return rdflib.URIRef(BASE + path)


def texts(content: str, pattern: str) -> list[str]:
    """What the group of a pattern matches in HTML, without tags."""
    return [unescape(re.sub("<[^>]+>", "", found)).strip() for found in re.findall(pattern, content, re.DOTALL)]


def mappings(merged: rdflib.Graph) -> Iterator[tuple[rdflib.term.Node, rdflib.term.Node, bool]]:
    """The mappings of all patterns: the pattern, the target, and whether it is excluded."""
    for pattern in merged.subjects(RDF.type, TG.ThreatPattern):
        for mapping in merged.objects(pattern, TG.mapping):
            [target] = merged.objects(mapping, SSSOM.object_id)
            yield pattern, target, (mapping, SSSOM.predicate_modifier, SSSOM.NegatedPredicate) in merged


def drawn(graph: ThreatGraph, path: str) -> tuple[ElementTree.Element, set[str]]:
    """The drawing around a record, and the paths that its nodes link to."""
    drawing = draw(read_record(graph.store, BASE + path), read_inbound(graph.store, BASE + path), Links())
    assert drawing is not None
    svg = ElementTree.fromstring(drawing.svg)
    return svg, {str(node.get("href")).removeprefix("/") for node in svg.iter("a")}


def test_a_drawing_has_the_neighbors_of_a_record(graph: ThreatGraph, merged: rdflib.Graph) -> None:
    drift = rdflib.URIRef(f"{BASE}pattern/goal-drift")
    _, nodes = drawn(graph, "pattern/goal-drift")
    parts = set(merged.objects(drift, rdflib.URIRef(f"{BASE}ontology#hasPart"))) | {drift}
    linked = {str(o) for part in parts for o in merged.objects(part)} | {
        str(s).partition("#")[0] for part in parts for s in merged.subjects(object=part)
    }
    assert {BASE + node for node in nodes} <= linked
    assert len(nodes) >= MOST - 1  # two relations can have the same record
    assert "pattern/strategic-misalignment" in nodes


@pytest.mark.parametrize("path", ["severity/high", "causal-factor/regulatory-gap", "framework/eu-ai-act-2024-1689"])
def test_a_drawing_of_a_hub_stays_small_and_readable(graph: ThreatGraph, path: str) -> None:
    drawing = draw(read_record(graph.store, BASE + path), read_inbound(graph.store, BASE + path), Links())
    assert drawing is not None
    assert drawing.shown == MOST
    assert drawing.hidden == len(drawing.rows) - MOST > 50
    assert len(drawing.svg) < 7_000
    heights = [int(text.get("y") or 0) for text in ElementTree.fromstring(drawing.svg).iter("text")]
    assert max(heights) < 800


def test_labels_with_markup_or_of_other_scripts_stay_text(strange: ThreatGraph) -> None:
    svg, nodes = drawn(strange, "pattern/strange-for-tests")
    assert nodes == {"pattern/goal-drift", "pattern/alone-for-tests"}
    texts = "".join(svg.itertext())
    assert "<b>" in texts
    assert "\u202e" not in texts
    long = [text for text in svg.iter("text") if (text.text or "").startswith("A name")]
    assert re.fullmatch(r'A name "of" very very.*…', long[0].text or "")
    title = svg.find(".//a/title")
    assert title is not None
    assert title.text == 'A name "of" very very very many words & <signs>'


def test_a_record_without_neighbors_has_no_drawing(strange: ThreatGraph) -> None:
    assert draw(read_record(strange.store, f"{BASE}pattern/goal-drift"), {}, Links()) is None


def test_the_list_names_every_view(graph: ThreatGraph) -> None:
    listed = {row["page"].removeprefix("/") for row in rows(graph, "views")}
    assert listed == {*PATHS} - {"views"}
    content = html(graph, "views")
    for path in listed:
        assert f'href="/{path}"' in content
        html(graph, path)


def test_coverage_counts_the_provisions_that_each_pattern_is_mapped_to(
    graph: ThreatGraph, merged: rdflib.Graph
) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for pattern, target in {(p, t) for p, t, excluded in mappings(merged) if not excluded}:
        for framework in merged.objects(target, SKOS.inScheme):
            expected[str(pattern), str(framework)] += 1
    shown = rows(graph, "coverage")
    assert {row["pattern"] for row in shown} == {str(p) for p in merged.subjects(RDF.type, TG.ThreatPattern)}
    prefixes = {"eu-ai-act": "eu-ai-act-2024-1689", "atlas": "mitre-atlas-5.6.0", "cwe": "cwe-4.16"}
    for row in shown:
        for column, slug in prefixes.items():
            assert int(row[column]) == expected[row["pattern"], f"{BASE}framework/{slug}"], (row["label"], column)
    cells = texts(html(graph, "coverage"), r'<td class="q\d"><a [^>]*>(\d+)</a>')
    assert sum(map(int, cells)) == sum(expected.values())


def test_a_cell_of_coverage_leads_to_the_provisions_with_their_reasons(
    graph: ThreatGraph, merged: rdflib.Graph
) -> None:
    [url] = set(re.findall(r'href="(/coverage/eu-ai-act-2024-1689#goal-drift)"', html(graph, "coverage")))
    content = html(graph, url[1:].partition("#")[0])
    section = content.partition('<h2 id="goal-drift">')[2].partition("</section>")[0]
    act = iri("framework/eu-ai-act-2024-1689")
    for mapping in merged.objects(iri("pattern/goal-drift"), TG.mapping):
        [target] = merged.objects(mapping, SSSOM.object_id)
        if (target, SKOS.inScheme, act) in merged:
            assert f'href="/{str(target).removeprefix(BASE)}"' in section
            assert str(merged.value(mapping, TG.rationale)) in unescape(section)
    assert "second review" in section


def test_coverage_of_a_framework_lists_the_patterns_without_a_mapping(graph: ThreatGraph, merged: rdflib.Graph) -> None:
    atlas = iri("framework/mitre-atlas-5.6.0")
    mapped = {
        pattern
        for pattern, target, excluded in mappings(merged)
        if not excluded and (target == atlas or (target, SKOS.inScheme, atlas) in merged)
    }
    missing = set(merged.subjects(RDF.type, TG.ThreatPattern)) - mapped
    gaps = html(graph, "coverage/mitre-atlas-5.6.0").partition('<h2 id="gaps">')[2]
    assert set(re.findall(r'<li><a href="/(pattern/[^"]+)"', gaps)) == {str(p).removeprefix(BASE) for p in missing}


def test_coverage_has_filters(graph: ThreatGraph, merged: rdflib.Graph) -> None:
    domain = rows(graph, "coverage", ("domain", "DOM-AGT"))
    assert {row["pattern"] for row in domain} == {
        str(p)
        for p in merged.subjects(TG.domain, iri("domain/agentic-autonomous"))
        if (p, RDF.type, TG.ThreatPattern) in merged
    }
    prohibits = {
        str(target)
        for pattern in merged.subjects(RDF.type, TG.ThreatPattern)
        for mapping in merged.objects(pattern, TG.mapping)
        if (mapping, TG.mappingRelation, iri("mapping-relation/prohibits")) in merged
        for target in merged.objects(mapping, SSSOM.object_id)
    }
    found = rows(graph, "coverage", ("framework", "eu-ai-act-2024-1689"), ("relation", "prohibits"))
    assert {row["provision"] for row in found} == prohibits
    one = rows(graph, "coverage/eu-ai-act-2024-1689", ("pattern", "PAT-AGT-003"))
    assert {row["pattern_code"] for row in one} == {"PAT-AGT-003"}


def test_a_crosswalk_aligns_provisions_by_published_links_and_by_shared_patterns(
    graph: ThreatGraph, merged: rdflib.Graph
) -> None:
    first, second = iri("framework/owasp-agentic-2026"), iri("framework/owasp-llm-2025")
    sides = [set(merged.subjects(SKOS.inScheme, framework)) for framework in (first, second)]
    shared: Counter[tuple[str, str]] = Counter()
    mapped = {(p, t) for p, t, excluded in mappings(merged) if not excluded}
    for pattern, a in mapped:
        for other, b in mapped:
            if pattern == other and a in sides[0] and b in sides[1]:
                shared[str(a), str(b)] += 1
    stated = set()
    for mapping in merged.objects(None, TG.crosswalkMapping):
        ends = merged.value(mapping, SSSOM.subject_id), merged.value(mapping, SSSOM.object_id)
        for start, end in (ends, ends[::-1]):
            if start in sides[0] and end in sides[1]:
                stated.add((str(start), str(end)))
    found = rows(graph, "crosswalk", ("from", "owasp-agentic-2026"), ("to", "owasp-llm-2025"))
    assert {(row["from"], row["to"]) for row in found} == shared.keys() | stated
    assert {(row["from"], row["to"]) for row in found if row["stated"]} == stated
    assert all(int(row["shared_patterns"]) == shared[row["from"], row["to"]] for row in found)
    turned = rows(graph, "crosswalk/owasp-llm-2025/owasp-agentic-2026")
    assert {(row["to"], row["from"]) for row in turned} == {(row["from"], row["to"]) for row in found}
    content = html(graph, "crosswalk/owasp-agentic-2026/owasp-llm-2025")
    assert "<strong>related match</strong>" in content
    assert "shared: " in content


def test_a_broad_match_is_a_narrow_match_in_the_other_direction(graph: ThreatGraph) -> None:
    one_way = rows(graph, "crosswalk/nist-ai-600-1/nist-ai-rmf-1.0")
    other_way = rows(graph, "crosswalk/nist-ai-rmf-1.0/nist-ai-600-1")
    broad = {(row["from"], row["to"]) for row in one_way if "broad match" in row["stated"]}
    narrow = {(row["to"], row["from"]) for row in other_way if "narrow match" in row["stated"]}
    assert broad == narrow != set()


def test_the_pages_of_a_crosswalk_show_each_provision_once(graph: ThreatGraph) -> None:
    path, shown = "crosswalk/nist-ai-600-1/nist-ai-rmf-1.0", []
    pages = [path, *re.findall(rf'href="/({path}/\d+)"', html(graph, path))]
    for page in pages:
        shown += re.findall(r'<tr><th scope="row" dir="auto"><a href="/([^"]+)"', html(graph, page))
    assert len(pages) > 1
    assert len(shown) == len(set(shown))
    assert {BASE + one for one in shown} == {row["from"] for row in rows(graph, path)}


def test_a_comparison_says_what_both_records_have(graph: ThreatGraph, merged: rdflib.Graph) -> None:
    a, b = iri("pattern/goal-drift"), iri("pattern/strategic-misalignment")
    found = rows(graph, "compare", ("a", "pattern/goal-drift"), ("b", "PAT-SYS-005"))
    causes = [set(merged.objects(one, TG.causalFactor)) for one in (a, b)]
    sizes = Counter(row["in"] for row in found if row["property"] == "Causal factors")
    assert sizes == Counter(
        {"both": len(causes[0] & causes[1]), "first": len(causes[0] - causes[1]), "second": len(causes[1] - causes[0])}
    )
    involving = [set(merged.subjects(TG.involvesPattern, one)) for one in (a, b)]
    both = {row["page"] for row in found if row["property"] == "Incidents" and row["in"] == "both"}
    assert both == {"/" + str(one).removeprefix(BASE) for one in involving[0] & involving[1]}
    content = html(graph, "compare/goal-drift/strategic-misalignment")
    is_same = merged.value(a, TG.severity) == merged.value(b, TG.severity)
    assert texts(content, r"<th scope=.row.[^>]*>(Severity.*?)</th>") == ["Severity (same)" if is_same else "Severity"]
    assert str(merged.value(a, SKOS.definition)) in unescape(content)
    assert "Only Goal Drift" in content


def test_records_of_every_kind_can_be_compared(graph: ThreatGraph) -> None:
    for kind in KINDS:
        names = graph.list(kind, limit=2).column("record")
        if len(names) == 2:
            html(graph, "compare", *zip("ab", (str(name).removeprefix(BASE) for name in names), strict=True))


def test_causes_counts_incidents_that_have_pattern_and_factor(graph: ThreatGraph, merged: rdflib.Graph) -> None:
    expected = Counter(
        (str(pattern), str(cause))
        for incident in merged.subjects(RDF.type, TG.Incident)
        for pattern in set(merged.objects(incident, TG.involvesPattern))
        for cause in set(merged.objects(incident, TG.causalFactor))
    )
    found = rows(graph, "causes")
    assert {(row["pattern"], row["cause"]): int(row["incidents"]) for row in found if int(row["incidents"])} == expected
    stated = {(row["pattern"], row["cause"]) for row in found if row["stated"] == "yes"}
    patterns = set(merged.subjects(RDF.type, TG.ThreatPattern))
    assert stated == {(str(p), str(c)) for p, c in merged.subject_objects(TG.causalFactor) if p in patterns}
    content = html(graph, "causes")
    assert "/incident?cause=competitive-pressure&amp;involved_pattern=goal-drift" in content
    listed = graph.list("incident", cause="competitive-pressure", involved_pattern="goal-drift")
    assert len(listed) == expected[f"{BASE}pattern/goal-drift", f"{BASE}causal-factor/competitive-pressure"]


def test_the_timeline_counts_incidents_by_year_and_severity(graph: ThreatGraph, merged: rdflib.Graph) -> None:
    incidents = [one for one in merged.subjects(RDF.type, TG.Incident) if (one, TG.occurred, None) in merged]
    years = Counter(str(merged.value(incident, TG.occurred))[:4] for incident in incidents)
    high = Counter(
        str(merged.value(one, TG.occurred))[:4]
        for one in incidents
        if (one, TG.severity, iri("severity/high")) in merged
    )
    found = {row["year"]: row for row in rows(graph, "timeline")}
    assert {year: int(row["incidents"]) for year, row in found.items()} == years
    assert {year: int(row["High"]) for year, row in found.items() if int(row["High"])} == high
    content = html(graph, "timeline")
    bars = re.findall(r'<a href="/timeline/(\d+)"><title>\d+: (\d+) incident', content)
    assert {year: int(count) for year, count in bars} == years


def test_a_year_has_its_months_and_incidents(graph: ThreatGraph, merged: rdflib.Graph) -> None:
    of_year = {
        str(one)
        for one in merged.subjects(RDF.type, TG.Incident)
        if str(merged.value(one, TG.occurred)).startswith("2024")
    }
    assert {row["incident"] for row in rows(graph, "timeline", ("year", "2024"))} == of_year
    critical = {one for one in of_year if (rdflib.URIRef(one), TG.severity, iri("severity/critical")) in merged}
    assert {row["incident"] for row in rows(graph, "timeline/2024", ("severity", "critical"))} == critical
    drift = rows(graph, "timeline", ("pattern", "goal-drift"))
    total = len(set(merged.subjects(TG.involvesPattern, iri("pattern/goal-drift"))))
    assert sum(int(row["incidents"]) for row in drift) == total
    content = html(graph, "timeline/2024", ("by", "domain"))
    assert content.count("<figure>") == len(set(merged.subjects(RDF.type, TG.Domain)))


def test_the_neighborhood_is_drawn_and_listed(graph: ThreatGraph) -> None:
    for name in ("PAT-AGT-003", "pattern/goal-drift", f"{BASE}pattern/goal-drift"):
        content = html(graph, "explore", ("focus", name))
        assert 'href="/explore/domain/agentic-autonomous"' in content
    found = rows(graph, "explore/pattern/goal-drift")
    drawing = draw(graph.pattern("goal-drift"), graph.inbound("goal-drift"), LINKS)
    assert drawing is not None
    assert [row["record"] for row in found] == [one.link.iri for one in drawing.rows]
    further = rows(graph, "explore/pattern/goal-drift", ("depth", "2"))
    assert [row for row in further if not row["via"]] == found
    assert {row["via"] for row in further} - {""} <= {row["label"] for row in found}
    assert len(further) > len(found)


@pytest.mark.parametrize("depth", ["1", "2"])
def test_the_neighborhood_of_a_hub_stays_readable(graph: ThreatGraph, depth: str) -> None:
    content = html(graph, "explore/framework/eu-ai-act-2024-1689", ("depth", depth))
    svg = ElementTree.fromstring(re.findall("<svg class=.near.*?</svg>", content, re.DOTALL)[0])
    assert len(list(svg.iter("a"))) < 30
    assert "The drawing leaves out" in content


def test_recommendations_have_reasons_and_are_apart_from_curated_links(graph: ThreatGraph) -> None:
    expected = graph.recommend("goal-drift", kind="pattern", top=10)
    found = rows(graph, "recommend", ("node", "goal-drift"))
    assert [row["record"] for row in found if row["link"] == "recommended"] == [one.iri for one in expected.new]
    curated = {row["record"] for row in found if row["link"] == "curated"}
    assert curated == {link.iri for link in expected.linked}
    assert f"{BASE}pattern/strategic-misalignment" in curated
    content = unescape(html(graph, "recommend", ("node", "goal-drift")))
    assert expected.new[0].explanation in content
    assert re.search("<li dir=.auto.>[^<]+ — <em>[^<]+</em> — [^<]+</li>", content)
    text = html(graph, "recommend", ("text", "chatbot that ranks job applicants"), ("kind", "incident"))
    assert 'href="/incident/' in text
    assert {row["kind"] for row in rows(graph, "recommend/goal-drift")} == {"pattern", "incident", "provision"}


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("coverage", ("domain", "agentc-autonomous")),
        ("coverage", ("color", "x")),
        ("crosswalk", ("from", "nist-ai-rmf-1.9")),
        ("compare", ("a", "goal-drfit")),
        ("timeline", ("by", "severty")),
        ("timeline", ("year", "999999999999999999")),
        ("explore", ("depth", "3")),
        ("explore", ("focus", "\0")),
        ("recommend", ("kind", "domain")),
        ("recommend", ("top", "-1")),
        ("causes", ("domain", "\u05d0")),
    ],
)
def test_a_parameter_that_is_not_valid_is_refused(graph: ThreatGraph, path: str, given: tuple[str, str]) -> None:
    more = (("b", "goal-drift"),) if path == "compare" else (("node", "goal-drift"),) if path == "recommend" else ()
    with pytest.raises((UnknownName, InvalidQuery)):
        catalog.render(graph, path, LINKS, (given, *more))


@pytest.mark.parametrize(
    "path",
    """coverage/x crosswalk/x crosswalk/x/y compare/goal-drift compare/goal-drift/x timeline/1 causes/x
    explore/pattern/x explore/x recommend/x views/x""".split(),
)
def test_a_path_of_nothing_has_no_page(graph: ThreatGraph, path: str) -> None:
    assert catalog.render(graph, path, LINKS) is None


def test_a_graph_without_frameworks_and_incidents_has_explaining_pages(strange: ThreatGraph) -> None:
    assert "has no frameworks" in html(strange, "coverage")
    assert "requires two frameworks" in html(strange, "crosswalk")
    assert "has no threat patterns or no causal factors" in html(strange, "causes")
    assert "has no incidents" in html(strange, "timeline")
    assert "has no incident" in html(strange, "recommend", ("node", "alone-for-tests"), ("kind", "incident"))


def test_a_graph_of_nothing_has_explaining_pages(tmp_path: Path) -> None:
    file = tmp_path / "nothing.ttl"
    file.write_text("<https://example.org/a> <https://example.org/b> 1 .", encoding="ascii")
    empty = ThreatGraph.open(file, bundled=False)
    for path in catalog.VIEWS:
        assert '<p class="notice">This graph has no' in html(empty, path) or path in ("crosswalk", "compare"), path


def test_labels_with_markup_stay_text_on_every_view(strange: ThreatGraph) -> None:
    for path, *given in (
        ("compare/alone-for-tests/strange-for-tests",),
        ("explore/pattern/strange-for-tests",),
        ("explore/pattern/strange-for-tests", ("depth", "2")),
        ("recommend", ("node", "alone-for-tests")),
        ("recommend/strange-for-tests",),
    ):
        content = html(strange, path, *given)
        assert "<b>\u05e9" not in content
        assert "&lt;b&gt;\u05e9" in content
        assert "\u202e" not in content
        page = catalog.render(strange, path, LINKS, given)
        assert page is not None
        assert b"<b>" not in page.document("md").content


def test_a_server_has_each_view_in_each_form(server: Running) -> None:
    for path in PATHS:
        page = server.ask(f"/{path}", Accept="text/html")
        assert (page.status, page.kind) == (200, "text/html"), path
        for suffix, kind in (("csv", "text/csv"), ("json", "application/json"), ("md", "text/markdown")):
            reply = server.ask(f"/{path}.{suffix}")
            assert (reply.status, reply.kind) == (200, kind), (path, suffix)
    csv_of = server.ask("/coverage?domain=DOM-AGT", Accept="text/csv")
    assert csv_of.headers["content-location"] == "/coverage.csv?domain=DOM-AGT"
    assert 'href="/coverage.csv?domain=agentic-autonomous"' in server.ask("/coverage?domain=DOM-AGT").text


def test_a_server_recommends_as_a_page_for_browsers_and_as_data_for_others(server: Running) -> None:
    page = server.ask("/recommend?node=goal-drift", Accept="text/html,*/*;q=0.8")
    assert (page.status, page.kind) == (200, "text/html")
    data = server.ask("/recommend?node=goal-drift")
    assert data.kind == "application/json"
    for item in json.loads(data.body)["recommendations"]:
        assert f'href="/{item["iri"].removeprefix(BASE)}"' in page.text
    for url in re.findall(r'href="(/recommend\?[^"]*format=[^"]*)"', page.text):
        assert server.ask(unescape(url)).status == 200


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/compare?a=goal-drift&b=goal-drfit", "did you mean"),
        ("/compare?a=pattern/goal-drift&b=domain/agentic-autonomous", "of the same kind"),
        ("/compare?a=goal-drift", "give both a and b"),
        ("/crosswalk?from=cwe-4.16&to=cwe-4.16", "the same framework"),
        ("/timeline?year=1066", "no incident of"),
        ("/explore?focus=" + quote("\u98a8" * 100), "unknown record"),
        ("/recommend?node=goal-drift&text=a", "give either node"),
        ("/coverage?domain=%FF", "UTF-8"),
        ("/coverage?domain=a&domain=b", "several times"),
    ],
)
def test_a_server_says_what_is_wrong(server: Running, path: str, says: str) -> None:
    reply = server.ask(path, Accept="text/html")
    assert (reply.status, reply.kind) == (400, "text/html")
    assert says in unescape(reply.text)


def test_near_names_are_links(server: Running) -> None:
    reply = server.ask("/compare?a=goal-drift&b=goal-drfit", Accept="text/html")
    assert 'href="/pattern/goal-drift"' in reply.text
    data = server.ask("/coverage.json?domain=agentic-autonomos")
    assert data.kind == "application/problem+json"
    assert json.loads(data.body)["near"][0]["iri"] == f"{BASE}domain/agentic-autonomous"


@pytest.fixture(scope="module")
def files() -> Mapping[str, bytes]:
    """The files of the views in a site of a part of the graph."""
    site = Site(open_excerpt([]), None)
    parts = [part for part in shared_parts(site) if next(iter(part.files)).partition("/")[0].partition(".")[0] in PATHS]
    return {name: render() for part in parts for name, render in part.files.items()}


def test_a_site_has_the_views_as_files(files: Mapping[str, bytes]) -> None:
    for path in PATHS:
        assert {f"{path}.{form}" for form in ("html", "csv", "json", "md")} <= files.keys()
        assert b"<form method=" not in files[f"{path}.html"].partition(b"<main")[2]
    assert "recommend/goal-drift.html" in files
    assert "explore/pattern/goal-drift.csv" in files
    assert any(name.startswith("compare/goal-drift/") for name in files)
    assert any(re.fullmatch(r"timeline/20\d\d\.html", name) for name in files)
    assert any(re.fullmatch(r"crosswalk/[^/]+/[^/]+\.html", name) for name in files)
    assert any(re.fullmatch(r"coverage/[^/]+\.html", name) for name in files)


def test_files_link_to_files_only(files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        if name.endswith(".html"):
            for link in Page(content).links:
                assert "?" not in link or re.match("https?:", link), (name, link)


def test_scripts_of_views_are_served_and_in_the_site(server: Running) -> None:
    page = Page(server.ask("/explore/pattern/goal-drift").body)
    site = {name for part in shared_parts(Site(open_excerpt([]), None)) for name in part.files}
    for url in [str(attributes["src"]) for tag, attributes in page.tags if tag == "script" and "src" in attributes]:
        assert server.ask(url).kind == "text/javascript"
        assert url.removeprefix("/") in site
