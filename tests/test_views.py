"""The views of the explorer: what they show is what the graph states, as pages of a server and as files."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
import rdflib

from threatgraph import ThreatGraph
from threatgraph.records import read_inbound, read_record
from threatgraph.vocab import BASE
from threatgraph.web.links import Links
from threatgraph.web.neighborhood import MOST, draw

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
