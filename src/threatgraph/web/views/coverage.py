"""The view of coverage: how many provisions of each framework each pattern is mapped to, and which ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from threatgraph.analytics.crosswalk import by_code
from threatgraph.analytics.mappings import (
    PatternMapping,
    brief_label,
    pattern_mappings,
    patterns_by_domain,
    provision_frameworks,
    short_name,
)
from threatgraph.analytics.records import Named, named
from threatgraph.graph import ThreatGraph
from threatgraph.labels import read_labels
from threatgraph.vocab import KINDS, shorten
from threatgraph.web.links import Links
from threatgraph.web.view import Text
from threatgraph.web.views.page import (
    Given,
    Page,
    View,
    counted,
    named_record,
    query,
    read,
    record_field,
    slug,
    to_table,
)
from threatgraph.web.views.wording import relation_words

PATH = "coverage"
TITLE = "Coverage of frameworks"
SUMMARY = (
    "For each threat pattern and each framework, the number of provisions that the pattern is mapped to, and the "
    "provisions themselves with the reason for each link."
)
_EMPTY = "This graph has no frameworks with mapped threat patterns, so there is nothing to show yet."


class Cell(NamedTuple):
    """A cell of the matrix."""

    number: int
    url: str | None
    name: str
    """What it counts, for readers who do not see its row and column."""


class Row(NamedTuple):
    """A row of the matrix: a pattern."""

    name: Text
    cells: tuple[Cell, ...]
    total: int


class Linked(NamedTuple):
    """A provision that a pattern is mapped to, for a page."""

    provision: Text
    meaning: str
    relation: str
    rationale: str
    status: str


class Covered(NamedTuple):
    """A pattern with its provisions in a framework."""

    name: Text
    anchor: str
    links: tuple[Linked, ...]
    excluded: tuple[Linked, ...]
    """Provisions that were examined and do not cover it."""


def render(graph: ThreatGraph, path: str, links: Links, given: Given) -> Page | None:
    """Return the matrix, or for the path of a framework its provisions by pattern.

    Args:
        graph: the graph.
        path: empty, or the end of the IRI of a framework.
        links: where documents are.
        given: ``domain`` and ``relation``, and ``pattern`` for the provisions of one pattern; ``framework`` instead of
            a path.

    Returns:
        The page, or ``None`` if the graph has no framework with this path.

    Raises:
        UnknownName: for a parameter or a name that does not exist.
        AmbiguousName: if several records have a name.
    """
    values = read(given, ("domain", "relation", "pattern", "framework"))
    if path:
        iri = KINDS["framework"].namespace + path
        if iri not in named(graph.store, "framework"):
            return None
    else:
        iri = named_record(graph, values, "framework", "framework")
    chosen = {kind: named_record(graph, values, name, kind) for name, kind in _FILTERS.items()}
    if iri:
        return _framework(graph, iri, links, chosen)
    return _matrix(graph, links, chosen)


_FILTERS = {"pattern": "pattern", "domain": "domain", "relation": "mapping-relation"}


def frameworks_with_pages(graph: ThreatGraph) -> list[str]:
    """Return the ends of the IRIs of the frameworks, each of which has a page."""
    space = KINDS["framework"].namespace
    return [iri.removeprefix(space) for iri in named(graph.store, "framework") if iri.startswith(space)]


def _given(chosen: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, slug(chosen[kind])) for name, kind in _FILTERS.items() if chosen.get(kind))


def _mappings(graph: ThreatGraph, chosen: Mapping[str, str]) -> list[PatternMapping]:
    meaning, pattern = chosen["mapping-relation"], chosen["pattern"]
    return [
        one for one in pattern_mappings(graph.store) if meaning in ("", one.meaning) and pattern in ("", one.pattern)
    ]


def _matrix(graph: ThreatGraph, links: Links, chosen: Mapping[str, str]) -> Page:
    frameworks, within = named(graph.store, "framework"), provision_frameworks(graph.store)
    counts = Counter(
        (pattern, framework)
        for pattern, target in {(one.pattern, one.target) for one in _mappings(graph, chosen) if not one.is_excluded}
        for framework in within.get(target, ())
    )
    given = _given(chosen)
    groups = []
    rows = []
    for domain, called, patterns in patterns_by_domain(graph.store):
        if chosen["domain"] not in ("", domain):
            continue
        shown = [iri for iri in patterns if chosen["pattern"] in ("", iri)]
        group = [_row(iri, patterns[iri], frameworks, counts, links, given) for iri in shown]
        if group:
            groups.append((Text(called.label, links.to(domain) if domain else None), group))
        rows += [
            (
                called.label,
                patterns[iri].code,
                patterns[iri].label,
                *(cell.number for cell in line.cells),
                line.total,
                iri,
            )
            for iri, line in zip(shown, group, strict=True)
        ]
    columns = ("domain", "code", "label", *map(short_name, frameworks), "provisions", "pattern")
    view = View(PATH, TITLE, SUMMARY, to_table(columns, rows), given)
    fields = [
        record_field(graph, "domain", "Domain", "domain", chosen["domain"]),
        record_field(graph, "relation", "Meaning of the link", "mapping-relation", chosen["mapping-relation"]),
    ]
    lines = [line for _, group in groups for line in group]
    return Page(
        view,
        links,
        "coverage",
        empty="" if frameworks and rows else _EMPTY if not frameworks else "No pattern fits the filters.",
        groups=groups,
        columns=[
            (Text(brief_label(called.label), links.page(f"{PATH}/{slug(iri)}") + query(given)), called.label)
            for iri, called in frameworks.items()
        ],
        gaps=[sum(not line.cells[i].number for line in lines) for i in range(len(frameworks))],
        fields=fields,
        kept=[pair for pair in given if pair[0] == "pattern"],
    )


def _row(
    iri: str,
    called: Named,
    frameworks: Mapping[str, Named],
    counts: Mapping[tuple[str, str], int],
    links: Links,
    given: Sequence[tuple[str, str]],
) -> Row:
    cells = []
    for framework, whole in frameworks.items():
        count = counts.get((iri, framework), 0)
        url = links.page(f"{PATH}/{slug(framework)}") + query(given) + f"#{_anchor(iri)}" if count else None
        name = f"{counted(count, 'provision')} of {whole.label} for {called.label}"
        cells.append(Cell(count, url, name))
    return Row(Text(called.label, links.to(iri)), tuple(cells), sum(cell.number for cell in cells))


def _anchor(iri: str) -> str:
    """The fragment of a pattern on the page of a framework."""
    return slug(iri).replace("/", "-")


def _framework(graph: ThreatGraph, iri: str, links: Links, chosen: Mapping[str, str]) -> Page:
    whole, within = named(graph.store, "framework")[iri], provision_frameworks(graph.store)
    by_pattern: dict[str, list[PatternMapping]] = defaultdict(list)
    for one in _mappings(graph, chosen):
        if one.target == iri or iri in within.get(one.target, ()):
            by_pattern[one.pattern].append(one)
    names = named(graph.store, "provision") | {iri: Named(whole.label, "")}
    texts = read_labels(graph.store, {name for ones in by_pattern.values() for one in ones for name in _states(one)})
    covered, gaps, rows = [], [], []
    for domain, _, patterns in patterns_by_domain(graph.store):
        for pattern, called in patterns.items():
            if chosen["domain"] not in ("", domain) or chosen["pattern"] not in ("", pattern):
                continue
            ones = sorted(by_pattern[pattern], key=lambda one: (one.target == iri, by_code(one.target, names)))
            if not any(not one.is_excluded for one in ones):
                gaps.append(Text(called.label, links.to(pattern)))
            if ones:
                covered.append(_covered(pattern, called, ones, names, texts, links))
            rows += [_plain(one, called, names, texts) for one in ones]
    given = _given(chosen)
    covers = len([one for one in covered if one.links])
    view = View(
        f"{PATH}/{slug(iri)}",
        f"Coverage of {whole.label}",
        f"The provisions of {whole.label} that threat patterns are mapped to, with the meaning of each link, the "
        "reason for it and the state of its review.",
        to_table(_COLUMNS, rows),
        given,
        (Text("Coverage", links.page(PATH)),),
    )
    return Page(
        view,
        links,
        "coverage_framework",
        covered=covered,
        gaps=gaps,
        framework=Text(whole.label, links.to(iri)),
        summary=f"{counted(covers, 'pattern')} with a mapping, {counted(len(gaps), 'pattern')} without.",
        filters=[f"{name}: {texts_of(graph, chosen[kind])}" for name, kind in _FILTERS.items() if chosen[kind]],
        all_url=links.page(f"{PATH}/{slug(iri)}"),
    )


_COLUMNS = (
    "pattern_code", "pattern_label", "code", "label", "meaning", "relation", "excluded", "rationale", "justification",
    "review", "curation", "pattern", "provision",
)  # fmt: skip


def texts_of(graph: ThreatGraph, iri: str) -> str:
    """The label of a record, or its prefixed name."""
    return read_labels(graph.store, [iri]).get(iri, shorten(iri))


def _states(one: PatternMapping) -> tuple[str, ...]:
    return tuple(iri for iri in (one.meaning, one.review, one.curation) if iri)


def _covered(
    pattern: str,
    called: Named,
    ones: Sequence[PatternMapping],
    names: Mapping[str, Named],
    texts: Mapping[str, str],
    links: Links,
) -> Covered:
    found = [(one.is_excluded, _linked(one, names, texts, links)) for one in ones]
    name = f"{called.label} ({called.code})" if called.code else called.label
    return Covered(
        Text(name, links.to(pattern)),
        _anchor(pattern),
        tuple(link for excluded, link in found if not excluded),
        tuple(link for excluded, link in found if excluded),
    )


def _linked(one: PatternMapping, names: Mapping[str, Named], texts: Mapping[str, str], links: Links) -> Linked:
    called = names.get(one.target, Named(shorten(one.target), ""))
    status = ", ".join(texts.get(iri, shorten(iri)).lower() for iri in (one.review, one.curation) if iri)
    return Linked(
        Text(" ".join(filter(None, (called.code, called.label))), links.to(one.target)),
        texts.get(one.meaning, "") or "not stated",
        relation_words(one.predicate),
        one.rationale,
        status,
    )


def _plain(
    one: PatternMapping, called: Named, names: Mapping[str, Named], texts: Mapping[str, str]
) -> tuple[object, ...]:
    target = names.get(one.target, Named(shorten(one.target), ""))
    return (
        called.code,
        called.label,
        target.code,
        target.label,
        texts.get(one.meaning, ""),
        one.predicate,
        "yes" if one.is_excluded else "no",
        one.rationale,
        one.justification,
        texts.get(one.review, ""),
        texts.get(one.curation, ""),
        one.pattern,
        one.target,
    )
