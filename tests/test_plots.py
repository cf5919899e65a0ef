"""Charts: their content is compared with plain loops over the data, and their texts are readable."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from threatgraph import ThreatGraph
from threatgraph.cli import main
from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.vocab import BASE

pytest.importorskip("matplotlib")

import numpy
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from threatgraph.plots import FIGURES, draw, plot
from threatgraph.plots.coverage import count_provisions
from threatgraph.plots.dates import NO_DATE, count_incidents
from threatgraph.plots.ordering import crossings, order_columns
from threatgraph.plots.render import render
from threatgraph.plots.similarity import pattern_similarity, similarity_drawing
from threatgraph.plots.style import Drawing, chart_style

SVG = "{http://www.w3.org/2000/svg}"
TG = f"{BASE}ontology#"
HEAD = f"""
@prefix tg: <{TG}> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix sssom: <https://w3id.org/sssom/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix p: <{BASE}pattern/> .
@prefix d: <{BASE}domain/> .
@prefix c: <{BASE}causal-factor/> .
@prefix g: <{BASE}group/> .
@prefix f: <{BASE}framework/> .
@prefix q: <{BASE}provision/> .
@prefix i: <{BASE}incident/> .
@prefix s: <{BASE}severity/> .
@prefix role: <{BASE}pattern-role/> .
"""
# Alpha and beta share one cause of 2 and 2, and no group; gamma has nothing at all. The first framework has the
# provisions one and two; beta is mapped to one of them and to the second framework as a whole.
SMALL = """
d:a a tg:Domain ; skos:prefLabel "Domain A"@en ; skos:notation "A" .
d:b a tg:Domain ; skos:prefLabel "Domain B"@en ; skos:notation "B" .
c:x a tg:CausalFactor ; skos:prefLabel "Cause X"@en .
c:y a tg:CausalFactor ; skos:prefLabel "Cause Y"@en .
c:z a tg:CausalFactor ; skos:prefLabel "Cause Z"@en .
c:unused a tg:CausalFactor ; skos:prefLabel "Cause unused"@en .
f:one a tg:Framework ; skos:prefLabel "Framework One"@en .
f:two a tg:Framework ; skos:prefLabel "Framework Two"@en .
q:one-1 a tg:Provision ; skos:inScheme f:one . q:one-2 a tg:Provision ; skos:inScheme f:one .
q:two-1 a tg:Provision ; skos:inScheme f:two .
p:alpha a tg:ThreatPattern ; skos:prefLabel "Alpha"@en ; tg:domain d:a ; tg:causalFactor c:x, c:y ;
    tg:mapping p:m1, p:m2, p:m3 .
p:m1 sssom:object_id q:one-1 . p:m2 sssom:object_id q:one-2 . p:m3 sssom:object_id q:one-2 .
p:beta a tg:ThreatPattern ; skos:prefLabel "Beta"@en ; tg:domain d:b ; tg:causalFactor c:y, c:z ;
    tg:mapping p:m4, p:m5 .
p:m4 sssom:object_id q:one-1 . p:m5 sssom:object_id f:two .
p:gamma a tg:ThreatPattern ; skos:prefLabel "Gamma"@en ; tg:domain d:a .
s:low a tg:Severity ; skos:prefLabel "Low"@en ; tg:rank 1 .
s:high a tg:Severity ; skos:prefLabel "High"@en ; tg:rank 3 .
i:day a tg:Incident ; tg:occurred "2024-08-09"^^xsd:date ; tg:domain d:a ; tg:severity s:low .
i:month a tg:Incident ; tg:occurred "2024-08"^^xsd:gYearMonth ; tg:domain d:b ; tg:severity s:high .
i:year a tg:Incident ; tg:occurred "2024"^^xsd:gYear ; tg:domain d:b ; tg:severity s:high .
i:old a tg:Incident ; tg:occurred "2022-12-31"^^xsd:date ; tg:patternLink i:l1 ; tg:severity s:high .
i:l1 tg:pattern p:alpha ; tg:patternRole role:primary .
i:undated a tg:Incident ; tg:patternLink i:l2, i:l3 .
i:l2 tg:pattern p:alpha ; tg:patternRole role:primary . i:l3 tg:pattern p:beta ; tg:patternRole role:primary .
i:bare a tg:Incident ; tg:severity s:low .
"""
LONG = "A very long label that goes on and on, with words in it, until nobody knows any more what it was about, "
ODD = [
    "Money $x^2$ and $y_1$",
    "<b>bold</b> & <script>",
    "人工知能による大規模な監視と偽情報の拡散に関する脅威",
    "Угроза дезинформации",
    "تهديد المعلومات المضللة",
    LONG + "first",
    LONG + "second",
    "x" * 300,
    "\\\\frac{1}{2} ^_ \\\\alpha",
    "bell \\u0007 and line\\nbreak",
]
OPTIONS = [*((name, {}) for name in FIGURES), ("timeline", {"by": "severity"}), ("timeline", {"period": "month"})]


@pytest.fixture
def make(tmp_path: Path) -> Callable[[str], ThreatGraph]:
    """Open a graph with only some Turtle."""

    def opened(turtle: str) -> ThreatGraph:
        path = tmp_path / "own.ttl"
        path.write_text(HEAD + turtle, encoding="utf-8")
        return ThreatGraph.open([path], bundled=False)

    return opened


def odd_turtle() -> str:
    lines = [
        f'd:d{n} a tg:Domain ; skos:prefLabel "{label}" .' for n, label in enumerate((LONG, "人間とAIの制御", "C"))
    ]
    for n, label in enumerate(ODD):
        lines.append(f'p:p{n} a tg:ThreatPattern ; skos:prefLabel "{label}" ; tg:domain d:d{n % 4} ;')
        lines.append(f'tg:causalFactor c:c{n % 5} . c:c{n % 5} a tg:CausalFactor ; skos:prefLabel "{label}" .')
        lines.append(f'f:f{n} a tg:Framework ; skos:prefLabel "{label}" .')
        lines.append(f'i:i{n} a tg:Incident ; tg:domain d:d{n % 4} ; tg:occurred "{2000 + 4 * n}-0{n % 9 + 1}-01" .')
    return "\n".join(lines)


def many_turtle() -> str:
    lines = [f'd:d{n} a tg:Domain ; skos:prefLabel "Domain {n}" . f:f{n} a tg:Framework .' for n in range(12)]
    for n in range(200):
        lines.append(f'p:p{n} a tg:ThreatPattern ; skos:prefLabel "Pattern number {n}" ; tg:domain d:d{n % 12} ;')
        lines.append(f"tg:causalFactor c:c{n % 30}, c:c{n % 7} . i:i{n} a tg:Incident ; tg:domain d:d{n % 12} .")
        lines.append(f'i:i{n} tg:occurred "{1990 + n % 37}-{n % 12 + 1:02}" .')
    return "\n".join(lines)


@pytest.fixture(scope="module")
def chart(graph: ThreatGraph) -> Callable[..., bytes]:
    """The charts of the bundled graph as SVG, each drawn once; all tests of this module run in one process."""
    return cache(lambda name, **options: plot(graph.store, name, **options))


def texts(svg: bytes) -> list[str]:
    """The texts of an SVG file, in order."""
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{SVG}text")]


def labels(graph: ThreatGraph, cls: str) -> list[str]:
    rows = graph.store.select(f"SELECT ?label {{ ?r a tg:{cls} ; skos:prefLabel ?label }}").to_dicts()
    assert rows
    return [str(row["label"]) for row in rows]


# Content.


@pytest.mark.parametrize("name", ["similarity", "causes", "coverage"])
def test_every_pattern_and_domain_is_in_the_chart_as_text(
    graph: ThreatGraph, chart: Callable[..., bytes], name: str
) -> None:
    shown = Counter(texts(chart(name)))
    for label in labels(graph, "ThreatPattern"):
        assert shown[label] == (2 if name == "similarity" else 1), label
    for label in labels(graph, "Domain"):
        assert shown[label] == 1, label


def test_every_cause_is_in_the_chart_with_its_number(graph: ThreatGraph, chart: Callable[..., bytes]) -> None:
    numbers: Counter[str] = Counter()
    for pattern in graph.store.select("SELECT ?cause { ?p a tg:ThreatPattern ; tg:causalFactor ?cause }").to_dicts():
        numbers[graph.record(str(pattern["cause"])).label] += 1
    shown = texts(chart("causes"))
    assert len(numbers) == len(labels(graph, "CausalFactor"))
    for label, number in numbers.items():
        assert f"{label} ({number})" in shown


def test_coverage_has_the_counts_of_plain_loops_over_the_mappings(
    graph: ThreatGraph, chart: Callable[..., bytes]
) -> None:
    statements: dict[str, set[tuple[Any, Any]]] = defaultdict(set)
    for triple in graph.store.triples():
        statements[getattr(triple.predicate, "value", "")].add((triple.subject, triple.object))
    scheme = dict(statements["http://www.w3.org/2004/02/skos/core#inScheme"])
    mapping = statements[f"{TG}mapping"]
    targets = dict(statements["https://w3id.org/sssom/object_id"])
    kinds = statements["http://www.w3.org/1999/02/22-rdf-syntax-ns#type"]
    patterns = sorted(s.value for s, o in kinds if o.value == f"{TG}ThreatPattern")
    frameworks = sorted(s.value for s, o in kinds if o.value == f"{TG}Framework")
    negated = {part for part, _ in statements["https://w3id.org/sssom/predicate_modifier"]}
    pairs = {(s, targets[part]) for s, part in mapping if part not in negated}
    expected = Counter((s.value, scheme[o].value) for s, o in pairs if o in scheme)
    counts, _ = count_provisions(graph.store, patterns, frameworks)
    assert counts.sum() > len(patterns)
    for (row, column), number in numpy.ndenumerate(counts):
        assert number == expected[patterns[row], frameworks[column]]
    in_order = texts(chart("coverage"))
    shown = Counter(in_order)
    for number in set(counts.flat):
        assert shown[str(number)] == (counts == number).sum(), number
    in_a_row = " ".join(in_order)
    for label in labels(graph, "Framework"):
        assert label in in_a_row


def test_coverage_of_a_small_graph(make: Callable[[str], ThreatGraph]) -> None:
    store = make(SMALL).store
    iris = [f"{BASE}pattern/{name}" for name in ("alpha", "beta", "gamma")]
    counts, whole = count_provisions(store, iris, [f"{BASE}framework/one", f"{BASE}framework/two"])
    assert counts.tolist() == [[2, 0], [1, 0], [0, 0]]  # one-2 is mapped to twice, and counts once
    assert whole.tolist() == [[False, False], [False, True], [False, False]]
    shown = Counter(texts(plot(store, "coverage")))
    assert shown["0"] == 3
    assert shown["whole"] == 1
    assert shown["2 of 3"] == 1
    assert shown["1 of 3"] == 1


def test_similarity_is_the_cosine_of_shared_links(make: Callable[[str], ThreatGraph]) -> None:
    iris, matrix = pattern_similarity(make(SMALL).store)
    assert iris == [f"{BASE}pattern/{name}" for name in ("alpha", "beta", "gamma")]
    # Alpha: X, Y, one-1, one-2. Beta: Y, Z, one-1, the second framework. Shared: Y and one-1, of 4 and 4.
    assert matrix == pytest.approx(numpy.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]))


def test_similarity_groups_patterns_by_domain() -> None:
    matrix = numpy.array([[1, 0.25, 0.75], [0.25, 1, 0.5], [0.75, 0.5, 1]])
    drawing = similarity_drawing(["first", "other", "second"], ["A", "B", "A"], matrix)
    axes = drawing.figure.axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["first", "second", "other"]
    shown = axes.collections[0].get_array()
    assert shown is not None
    cells = numpy.ma.filled(numpy.ma.asarray(shown).astype(float).reshape(3, 3), -1)
    assert cells.tolist() == [[-1, 0.75, 0.25], [0.75, -1, 0.5], [0.25, 0.5, -1]]
    assert "Most similar: first and second (0.75); second and other (0.50)" in drawing.description


@pytest.mark.parametrize(
    ("domains", "matrix", "message"),
    [
        (["A"], [[1, 0], [0, 1]], "2 labels require 2 domains"),
        (["A", "A"], [[1, 0, 0], [0, 1, 0]], "not 2 and 2 x 3"),
        (["A", "A"], [[1, 0.5], [0.25, 1]], "must be symmetric"),
        (["A", "A"], [[1, 1.5], [1.5, 1]], "from 0 to 1"),
        (["A", "A"], [[1, float("nan")], [float("nan"), 1]], "from 0 to 1"),
    ],
)
def test_an_invalid_similarity_matrix_is_an_error(domains: list[str], matrix: list[list[float]], message: str) -> None:
    with pytest.raises(ThreatGraphError, match=message):
        similarity_drawing(["a", "b"], domains, numpy.array(matrix))


def bars(drawing: Drawing, axes: int = 0) -> dict[float, float]:
    """The heights of the stacked bars, by their rounded positions."""
    stacks: dict[float, float] = defaultdict(float)
    for patch in drawing.figure.axes[axes].patches:
        assert isinstance(patch, Rectangle)
        stacks[round(patch.get_x() + patch.get_width() / 2, 3)] += patch.get_height()
    return dict(sorted(stacks.items()))


def test_bars_of_years_are_as_high_as_counted_by_hand(make: Callable[[str], ThreatGraph]) -> None:
    drawing = draw(make(SMALL).store, "timeline")
    assert list(bars(drawing).values()) == [1, 3, 2]  # 2022, 2024, no date; nothing in 2023
    assert drawing.title == "6 AI incidents by year and domain"
    assert "2022: 1; 2024: 3; no date: 2" in drawing.description
    # Old has the domain of its primary pattern; undated has primary patterns of two domains; bare has none.
    assert "Domain A: 2; Domain B: 2; More than one domain: 1; No domain: 1" in drawing.description
    ticks = [tick.get_text() for tick in drawing.figure.axes[0].get_xticklabels()]
    assert ticks == ["2022", "2023", "2024", "no date"]


def test_an_incident_without_a_known_month_is_not_in_a_month(make: Callable[[str], ThreatGraph]) -> None:
    store = make(SMALL).store
    timeline = count_incidents(store, "domain", "month")
    heights = {bar: timeline.height(bar) for bar in timeline.bars if timeline.height(bar)}
    assert heights == {12 * 2022 + 11: 1, 12 * 2024 + 7: 2}
    assert timeline.years == ["2024"]
    assert timeline.height("2024") == 1
    assert timeline.height(NO_DATE) == 2
    drawing = draw(store, "timeline", period="month")
    assert list(bars(drawing).values()) == [1, 2, 2]
    assert list(bars(drawing, 1).values()) == [1]
    units = [axes.bbox.height / axes.get_ylim()[1] for axes in drawing.figure.axes]
    assert units[0] == pytest.approx(units[1])  # both charts have the same scale
    assert "1 incident has no known month" in " ".join(texts(plot(store, "timeline", period="month")))


def test_severities_are_in_order(make: Callable[[str], ThreatGraph]) -> None:
    shown = texts(plot(make(SMALL).store, "timeline", by="severity"))
    legend = [text for text in shown if re.fullmatch(r".+ \(\d\)", text)]
    assert legend == ["No severity (1)", "High (3)", "Low (2)"]


def test_the_timeline_of_the_bundled_graph_counts_every_incident_once(
    graph: ThreatGraph, chart: Callable[..., bytes]
) -> None:
    years: Counter[str] = Counter()
    for row in graph.run("incidents").to_dicts():
        years[str(row["occurred"])[:4] if row["occurred"] else "no date"] += 1
    timeline = count_incidents(graph.store, "domain", "year")
    assert timeline.total() == sum(years.values()) == len(labels(graph, "Incident"))
    assert {str(bar): timeline.height(bar) for bar in timeline.bars if timeline.height(bar)} == {
        year: number for year, number in years.items() if year != "no date"
    }
    assert timeline.height(NO_DATE) == years["no date"]
    shown = " ".join(texts(chart("timeline")))
    for label in labels(graph, "Domain"):
        assert f"{label} (" in shown


def test_lines_of_the_causes_are_the_links(make: Callable[[str], ThreatGraph]) -> None:
    drawing = draw(make(SMALL).store, "causes")
    assert drawing.title == "Causes of 3 threat patterns: 4 links to 3 causal factors"
    assert len(drawing.figure.axes[0].patches) == 4
    shown = [text.get_text() for text in drawing.figure.findobj(Text) if isinstance(text, Text)]
    assert {"Cause X (1)", "Cause Y (2)", "Cause Z (1)"} <= set(shown)
    assert not any("Cause unused" in text for text in shown)
    assert "Left out: 1 cause without a pattern in this chart." in " ".join(shown)


def test_the_order_of_the_columns_reduces_crossings() -> None:
    links = {"a": ["3"], "b": ["2"], "c": ["1"]}
    assert crossings("abc", "123", links) == 3
    groups, column = order_columns([["a"], ["b"], ["c"]], list("123"), links)
    assert crossings([node for group in groups for node in group], column, links) == 0
    # Within a group as well, and never across groups: c must stay with a.
    groups, column = order_columns([["a", "c"], ["b"]], list("123"), links)
    assert sorted(map(sorted, groups)) == [["a", "c"], ["b"]]


def test_the_bundled_causes_cross_less_than_in_the_order_of_their_names(graph: ThreatGraph) -> None:
    links: dict[str, list[str]] = defaultdict(list)
    for row in graph.store.select("SELECT ?p ?c { ?p a tg:ThreatPattern ; tg:causalFactor ?c }").to_dicts():
        links[str(row["p"])].append(str(row["c"]))
    left, right = sorted(links), sorted({cause for found in links.values() for cause in found})
    by_hand = sum(
        (links_a < links_b) != (a < b) and a != b and links_a != links_b
        for (a, links_a), (b, links_b) in combinations(
            [(left.index(p), right.index(c)) for p in left for c in links[p]], 2
        )
    )
    assert crossings(left, right, links) == by_hand
    groups, column = order_columns([[node] for node in left], right, links)
    assert crossings([node for group in groups for node in group], column, links) < by_hand


def test_a_domain_alone(graph: ThreatGraph) -> None:
    domain = graph.resolve("DOM-SYS")
    own = {str(row["label"]) for row in graph.run("patterns", domain=domain).to_dicts()}
    rest = set(labels(graph, "ThreatPattern")) - own
    for name in ("similarity", "causes", "coverage"):
        shown = set(texts(plot(graph.store, name, domain=domain)))
        assert own <= shown
        assert not rest & shown


# Readability.


def overlaps(drawing: Drawing) -> list[str]:
    """Texts of a chart that overlap or are cut off."""
    with chart_style():
        FigureCanvasAgg(drawing.figure).draw()  # type: ignore[no-untyped-call]
        boxes = []
        for text in drawing.figure.findobj(Text):
            assert isinstance(text, Text)
            if text.get_text().strip() and text.get_visible():
                assert float(text.get_fontsize()) >= 7
                boxes.append((text.get_text(), text.get_window_extent().extents))
    width, height = drawing.figure.bbox.size
    found = []
    places = numpy.array([box for _, box in boxes])
    for number, (label, (x0, y0, x1, y1)) in enumerate(boxes):
        if min(x0, y0) < 0 or x1 > width or y1 > height:
            found.append(f"{label!r} is cut off")
        after = places[number + 1 :]
        inside = (after[:, 0] < x1 - 1) & (after[:, 2] > x0 + 1) & (after[:, 1] < y1 - 1) & (after[:, 3] > y0 + 1)
        found += [f"{label!r} overlaps {boxes[number + 1 + int(hit)][0]!r}" for hit in numpy.flatnonzero(inside)]
    return found


def test_overlapping_texts_are_detected() -> None:
    figure = Figure(figsize=(2, 2), dpi=100)
    for x, y, text in ((0.1, 0.5, "one here"), (0.2, 0.5, "another"), (0.1, 0.8, "free"), (0.9, 0.1, "cut off")):
        figure.text(x, y, text)
    assert overlaps(Drawing(figure, "", "")) == ["'one here' overlaps 'another'", "'cut off' is cut off"]


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_no_text_overlaps_another_or_is_cut_off(
    graph: ThreatGraph, make: Callable[[str], ThreatGraph], name: str, options: dict[str, str]
) -> None:
    assert overlaps(draw(graph.store, name, **options)) == []
    for turtle in (SMALL, odd_turtle()):
        assert overlaps(draw(make(turtle).store, name, **options)) == []


@pytest.mark.parametrize("name", FIGURES)
def test_two_hundred_patterns(make: Callable[[str], ThreatGraph], name: str) -> None:
    drawing = draw(make(many_turtle()).store, name)
    assert overlaps(drawing) == []
    assert "200" in drawing.title


def test_one_pattern(make: Callable[[str], ThreatGraph]) -> None:
    one = 'p:p a tg:ThreatPattern ; skos:prefLabel "Only" ; tg:causalFactor c:c .'
    one += "f:f a tg:Framework . i:i a tg:Incident ."
    store = make(one).store
    for name in FIGURES:
        assert overlaps(draw(store, name)) == []
        shown = texts(plot(store, name))
        assert name == "timeline" or "Only" in shown
    assert "No domain" in texts(plot(store, "causes"))


def test_labels_are_neither_mathematics_nor_markup(make: Callable[[str], ThreatGraph]) -> None:
    store = make(odd_turtle()).store
    for name in ("similarity", "causes", "coverage"):
        svg = plot(store, name)
        shown = texts(svg)
        for label in ("Money $x^2$ and $y_1$", "<b>bold</b> & <script>", "Угроза дезинформации", ODD[2]):
            assert label in shown, (name, label)
        assert "bell \ufffd and line break" in shown
        # Truncated labels have their IRI in the chart, and are complete in the description.
        assert sum(text.startswith("A very long label") and "(pattern:p" in text for text in shown) >= 2
        description = ET.fromstring(svg).findtext(f"{SVG}desc") or ""
        assert LONG + "first" in description
        assert "x" * 300 in description


def test_svg_has_a_title_and_a_description(graph: ThreatGraph, chart: Callable[..., bytes]) -> None:
    for name in FIGURES:
        root = ET.fromstring(chart(name))
        drawing = draw(graph.store, name)
        assert root.findtext(f"{SVG}title") == drawing.title
        assert root.findtext(f"{SVG}desc") == drawing.description
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == "title desc"
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert {"title", "desc"} <= set(ids)
        assert len(ids) == len(set(ids))


def test_png_opens_at_the_size_of_the_figure(graph: ThreatGraph) -> None:
    from PIL import Image

    for name in FIGURES:
        drawing = draw(graph.store, name)
        content = render(drawing, "png")
        width, height = drawing.figure.get_size_inches()
        assert struct.unpack(">II", content[16:24]) == (int(width * 150), int(height * 150))
        image = Image.open(io.BytesIO(content))
        image.load()
        colors = image.convert("RGB").getcolors(1 << 24)
        assert colors is not None
        assert len(colors) > 10  # something is drawn
        assert image.info["Title"] == drawing.title


DRAW_ALL = """
import sys
from excerpt import open_excerpt
from threatgraph.plots import FIGURES, FORMATS, plot

store = open_excerpt().store
for form in FORMATS:
    for name in FIGURES:
        sys.stdout.buffer.write(plot(store, name, form))
"""


def test_output_is_deterministic() -> None:
    def drawn(seed: str) -> bytes:
        """The charts of a part of the bundled graph, drawn by a process of their own."""
        environment, tests = os.environ | {"PYTHONHASHSEED": seed}, Path(__file__).parent
        command = [sys.executable, "-c", DRAW_ALL]
        return subprocess.run(command, env=environment, cwd=tests, capture_output=True, check=True).stdout

    runs = [drawn(seed) for seed in ("1", "2")]
    assert len(runs[0]) > 100_000
    assert runs[0] == runs[1]


def test_matplotlib_settings_of_the_user_are_ignored_and_preserved(make: Callable[[str], ThreatGraph]) -> None:
    import matplotlib

    store = make(SMALL).store
    before = plot(store, "coverage")
    own: dict[Any, Any] = {"font.size": 30, "svg.fonttype": "path", "text.parse_math": True, "axes.facecolor": "red"}
    with matplotlib.rc_context(own):
        assert plot(store, "coverage") == before
        assert {key: matplotlib.rcParams[key] for key in own} == own


# Errors.


@pytest.mark.parametrize("name", FIGURES)
def test_an_empty_graph_is_an_error(make: Callable[[str], ThreatGraph], name: str) -> None:
    with pytest.raises(ThreatGraphError, match=r"the graph has no .*: add some with `data=`"):
        plot(make("").store, name)


def test_patterns_without_causes_or_frameworks_are_an_error(make: Callable[[str], ThreatGraph]) -> None:
    store = make('p:p a tg:ThreatPattern ; skos:prefLabel "Only" .').store
    with pytest.raises(ThreatGraphError, match=r"has a causal factor.*tg:causalFactor"):
        plot(store, "causes")
    with pytest.raises(ThreatGraphError, match="no framework"):
        plot(store, "coverage")


def test_an_invalid_date_is_an_error_with_the_incident(make: Callable[[str], ThreatGraph]) -> None:
    for date in ("soon", "2024-13", "24"):
        with pytest.raises(ThreatGraphError, match=f"incident:i: tg:occurred is '{date}'"):
            plot(make(f'i:i a tg:Incident ; tg:occurred "{date}" .').store, "timeline")


def test_dates_too_far_apart_are_an_error_with_both_incidents(make: Callable[[str], ThreatGraph]) -> None:
    typo = 'i:typo a tg:Incident ; tg:occurred "0202" . i:i a tg:Incident ; tg:occurred "2024" .'
    with pytest.raises(ThreatGraphError, match="incident:typo in 202 to incident:i in 2024 makes 1823"):
        plot(make(typo).store, "timeline")


def test_too_many_patterns_are_an_error_with_a_remedy(make: Callable[[str], ThreatGraph]) -> None:
    store = make("\n".join(f"p:p{n} a tg:ThreatPattern ; tg:causalFactor c:c ." for n in range(401))).store
    for name in ("similarity", "causes", "coverage"):
        with pytest.raises(ThreatGraphError, match=r"401 threat patterns: a chart can have at most 400; .*`domain=`"):
            plot(store, name)


def test_unknown_names_and_options_are_errors(graph: ThreatGraph) -> None:
    with pytest.raises(UnknownName, match="did you mean 'timeline"):
        plot(graph.store, "timelin")
    with pytest.raises(UnknownName, match="svg"):
        plot(graph.store, "timeline", "jpg")
    with pytest.raises(ThreatGraphError, match="causes does not support `by=`: it applies to timeline"):
        plot(graph.store, "causes", by="domain")
    with pytest.raises(ThreatGraphError, match="does not support `color=`: no figure has this option"):
        plot(graph.store, "causes", color="red")
    with pytest.raises(UnknownName, match="unknown period 'decade'"):
        plot(graph.store, "timeline", period="decade")


def test_without_matplotlib_the_error_has_the_install_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], graph: ThreatGraph
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'threatgraph\[plot\]'"):
        plot(graph.store, "coverage")
    assert main(["plot", "coverage", "-o", "x.svg"]) == 2
    assert "pip install 'threatgraph[plot]'" in capsys.readouterr().err


# The command line.


def test_without_a_file_the_chart_has_the_name_of_the_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plot", "coverage"]) == 0
    assert main(["plot", "causes", "--format", "png", "--domain", "DOM-SYS"]) == 0
    assert capsys.readouterr().out == "coverage.svg\ncauses.png\n"
    assert (tmp_path / "coverage.svg").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "causes.png").read_bytes().startswith(b"\x89PNG")


def test_the_extension_of_the_file_sets_the_format(tmp_path: Path) -> None:
    for name, option, start in (
        ("a.svg", [], b"<?xml"),
        ("a.PNG", [], b"\x89PNG"),
        ("a", ["--format", "png"], b"\x89PNG"),
        ("a.image", ["--format", "svg"], b"<?xml"),
    ):
        assert main(["plot", "timeline", "--by", "severity", "-o", str(tmp_path / name), *option]) == 0
        assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["causes", "-o", "{}/a.gif"], "unknown extension; use .svg or .png"),
        (["causes", "-o", "{}/a"], "unknown extension"),
        (["causes", "-o", "{}/a.png", "--format", "svg"], "the extension .png does not match the format svg"),
        (["causes", "-o", "{}/no/folder/a.png"], "cannot be written"),
        (["causes", "-o", "{}/a.svg", "--domain", "DOM-SYX"], "unknown domain|unknown record"),
        (["timeline", "-o", "{}/a.svg", "--domain", "DOM-SYS"], "timeline does not support"),
        (["coverage", "-o", "{}/a.svg", "--no-bundled"], "has no threat patterns"),
    ],
)
def test_invalid_arguments_are_errors_with_status_2_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["plot", *(word.format(tmp_path) for word in words)]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_characters_that_no_font_has_are_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own.ttl"
    # A character of a script of the Bronze Age, which no font of the list has.
    own.write_text(HEAD + 'p:p a tg:ThreatPattern ; skos:prefLabel "\U00014400" .', encoding="utf-8")
    words = ["plot", "similarity", "--no-bundled", "--data", str(own), "-o"]
    assert main([*words, str(tmp_path / "a.png")]) == 0
    assert "no installed font has some characters" in capsys.readouterr().err
    assert main([*words, str(tmp_path / "a.svg")]) == 0
    assert capsys.readouterr().err == ""
    assert "\U00014400" in texts((tmp_path / "a.svg").read_bytes())
