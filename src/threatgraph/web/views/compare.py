"""The view that compares two records of one kind: what they share, and what only one of them has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from threatgraph.analytics.mappings import patterns_by_domain
from threatgraph.analytics.records import named, pairs
from threatgraph.arrangement import Entry, arrange
from threatgraph.errors import InvalidQuery
from threatgraph.graph import ThreatGraph
from threatgraph.headings import FACTS, heading
from threatgraph.records import Link, Record, read_inbound, read_record
from threatgraph.vocab import BASE, KINDS, kind_of
from threatgraph.web.fields import Field, Option
from threatgraph.web.links import Links
from threatgraph.web.neighbors import neighbors
from threatgraph.web.view import Text, plural
from threatgraph.web.views.page import Given, Page, View, counted, read, to_table

PATH = "compare"
TITLE = "Compare two records"
SUMMARY = (
    "Two threat patterns, or two other records of one kind, side by side: definition and ratings, and which causes, "
    "groups, incidents, mappings and measures they share."
)
_TEXTS = ("abstract", "definition", "description", "mechanismSummary", "indicatorSummary")
_PARTS = ("measure", "indicator", "responseStep")
"""Parts with a name of their own, which link to no record."""
_RELATED = 4
"""Related patterns of a pattern with which a site compares it."""
_BOTH, _FIRST, _SECOND = "both", "first", "second"


class Side(NamedTuple):
    """One of the two records."""

    record: Record
    inbound: Mapping[str, Sequence[Link]]


class Pair(NamedTuple):
    """A property with a text or a rating of each record."""

    heading: str
    first: str
    second: str

    @property
    def is_same(self) -> bool:
        """Whether both have the same value."""
        return self.first == self.second


class Items(NamedTuple):
    """A relation with the items of both records, or of one of them."""

    heading: str
    both: tuple[Text, ...]
    first: tuple[Text, ...]
    second: tuple[Text, ...]


def render(graph: ThreatGraph, path: str, links: Links, given: Given) -> Page | None:
    """Return the comparison of two records, or without them a form and suggestions.

    Args:
        graph: the graph.
        path: empty, or the ends of the IRIs of two patterns.
        links: where documents are.
        given: ``a`` and ``b`` instead of a path: names of records, such as ``pattern/goal-drift`` or ``PAT-AGT-003``.

    Returns:
        The page, or ``None`` if there is none at this path.

    Raises:
        UnknownName: for a parameter or a record that does not exist.
        AmbiguousName: if several records have a name.
        InvalidQuery: if both are the same record, or of different kinds, or only one is given.
    """
    values = read(given, ("a", "b"))
    if path:
        iris = [KINDS["pattern"].namespace + end for end in path.split("/")]
        known = {iri for _, _, patterns in patterns_by_domain(graph.store) for iri in patterns}
        if len(iris) != 2 or not set(iris) <= known or iris[0] == iris[1]:
            return None
        return _compare(graph, iris[0], iris[1], links)
    if not values:
        return _overview(graph, links)
    if len(values) == 1:
        raise InvalidQuery("a comparison requires two records: give both a and b.")
    first = _resolve(graph, values["a"], None)
    kind = kind_of(first)
    second = _resolve(graph, values["b"], kind.name if kind else None)
    if first == second:
        raise InvalidQuery("a and b are the same record: choose two different ones.")
    return _compare(graph, first, second, links)


def _resolve(graph: ThreatGraph, name: str, kind: str | None) -> str:
    """The record that a path, such as ``pattern/goal-drift``, or another name means.

    Raises:
        InvalidQuery: if the path names another kind.
    """
    first, slash, rest = name.removeprefix(BASE).partition("/")
    if slash and first in KINDS and rest:
        if kind not in (None, first):
            raise InvalidQuery(f"a and b must be of the same kind: a is a {kind}, and b a {first}.")
        return graph.resolve(rest if first != "provision" else BASE + f"{first}/{rest}", first)
    return graph.resolve(name, kind)


def pairs_with_pages(graph: ThreatGraph) -> list[tuple[str, str]]:
    """Return the pairs of patterns that a site compares: each with those that it has most in common with.

    Args:
        graph: the graph.

    Returns:
        The ends of the IRIs of both patterns, each pair once.
    """
    return sorted({_pair(pattern, other) for pattern, others in _nearest(graph).items() for other in others})


def _nearest(graph: ThreatGraph) -> dict[str, list[str]]:
    """For each pattern, the nearest: linked ones first, then by the share of causes, incidents and so on in common."""
    store, patterns = graph.store, [iri for iri in named(graph.store, "pattern") if iri != _slug(iri)]
    has: dict[str, set[str]] = {iri: set() for iri in patterns}
    shared = (("tg:causalFactor", "causal-factor"), ("tg:affects", "group"), ("tg:mappedTo", "provision"))
    for prop, kind in shared:
        for pattern, other in pairs(store, "pattern", prop, kind):
            has.get(pattern, set()).add(other)
    for incident, pattern in pairs(store, "incident", "tg:involvesPattern", "pattern"):
        has.get(pattern, set()).add(incident)
    linked = {frozenset(pair) for pair in pairs(store, "pattern", _LINKS, "pattern")}
    scores: dict[str, list[tuple[float, str]]] = {iri: [] for iri in patterns}
    for a, b in combinations(patterns, 2):
        union = len(has[a] | has[b])
        score = (frozenset((a, b)) in linked) + (len(has[a] & has[b]) / union if union else 0.0)
        if score:
            scores[a].append((-score, b))
            scores[b].append((-score, a))
    return {iri: [other for _, other in sorted(found)[:_RELATED]] for iri, found in scores.items()}


_LINKS = "(skos:related|tg:escalatesTo|tg:distinguishedFrom|tg:coOccursWith)"


def _overview(graph: ThreatGraph, links: Links) -> Page:
    """The form, and the pairs that may be worth a comparison."""
    groups = patterns_by_domain(graph.store)
    names = {iri: called for _, _, patterns in groups for iri, called in patterns.items()}
    near = _nearest(graph)
    rows = []
    shown = []
    for iri, called in names.items():
        pages = [(other, links.page("/".join((PATH, *_pair(iri, other))))) for other in near.get(iri, ())]
        if pages:
            shown.append((Text(called.label, links.to(iri)), [Text(names[o].label, url) for o, url in pages]))
        rows += [(called.label, names[other].label, url, iri, other) for other, url in pages]
    options = tuple(Option(f"pattern/{_slug(iri)}", called.label) for iri, called in names.items())
    fields = [Field(name, f"Pattern {name.upper()}", "", options, required=True) for name in ("a", "b")]
    view = View(PATH, TITLE, SUMMARY, to_table(("first_label", "second_label", "page", "first", "second"), rows))
    empty = "" if len(names) > 1 else "A comparison requires two threat patterns, and this graph has fewer."
    return Page(view, links, "compare_form", shown=shown, fields=[] if empty else fields, empty=empty)


def _slug(iri: str) -> str:
    return iri.removeprefix(KINDS["pattern"].namespace)


def _pair(first: str, second: str) -> tuple[str, str]:
    a, b = sorted((_slug(first), _slug(second)))
    return a, b


def _compare(graph: ThreatGraph, first: str, second: str, links: Links) -> Page:
    sides = [Side(read_record(graph.store, iri), read_inbound(graph.store, iri)) for iri in (first, second)]
    names = [side.record.label or side.record.iri for side in sides]
    facts, items = _facts(sides), _items(sides, links)
    rows: list[tuple[object, ...]] = [(pair.heading, "", pair.first, pair.second, "") for pair in facts]
    for one in items:
        for where in (_BOTH, _FIRST, _SECOND):
            rows += [(one.heading, where, *_in(where, text.text), text.url) for text in getattr(one, where)]
    kind = kind_of(first)
    is_pattern = kind is not None and kind.name == "pattern"
    path = "/".join((PATH, *map(_slug, (first, second)))) if is_pattern else PATH
    shared = sum(len(one.both) for one in items)
    lead = f"{names[0]} and {names[1]} share {counted(shared, 'item')}: what both have, and what only one of them has."
    view = View(
        path,
        f"{names[0]} and {names[1]}",
        lead,
        to_table(("property", "in", "first", "second", "page"), rows),
        () if is_pattern else (("a", first.removeprefix(BASE)), ("b", second.removeprefix(BASE))),
        (Text("Compare", links.page(PATH)),),
    )
    return Page(
        view,
        links,
        "compare",
        names=[Text(name, links.to(iri)) for name, iri in zip(names, (first, second), strict=True)],
        plain_names=names,
        kind=plural(kind) if kind else "Records",
        facts=facts,
        items_by_relation=items,
    )


def _in(where: str, text: str) -> tuple[str, str]:
    return (text if where != _SECOND else "", text if where != _FIRST else "")


def _facts(sides: Sequence[Side]) -> list[Pair]:
    """The texts and ratings of both."""
    pages = [arrange(side.record, {}) for side in sides]
    entries: list[dict[str, Entry]] = [{entry.name: entry for entry in page.facts} for page in pages]
    names = [*(name for name in FACTS if any(name in found for found in entries))]
    found = []
    for name in (*_TEXTS[:3], *names, *_TEXTS[3:]):
        values = [_text(side.record, name) for side in sides]
        if any(values):
            found.append(Pair(heading(name), *values))
    return found


def _text(record: Record, name: str) -> str:
    return "; ".join(record.texts(name)) if record[name] else ""


def _items(sides: Sequence[Side], links: Links) -> list[Items]:
    """The linked records and named parts of both, by relation."""
    found: dict[str, list[dict[str, Text]]] = {}
    for place, side in enumerate(sides):
        for relation, key, text in (*_linked(side, links), *_named_parts(side.record)):
            found.setdefault(relation, [{}, {}])[place].setdefault(key, text)
    return [
        Items(
            relation,
            tuple(text for key, text in first.items() if key in second),
            tuple(text for key, text in first.items() if key not in second),
            tuple(text for key, text in second.items() if key not in first),
        )
        for relation, (first, second) in found.items()
    ]


def _linked(side: Side, links: Links) -> Iterable[tuple[str, str, Text]]:
    facts = {heading(name) for name in FACTS}
    for one in neighbors(side.record, side.inbound):
        if one.relation not in facts:
            yield one.relation, one.link.iri, Text(str(one.link), links.to(one.link.iri))


def _named_parts(record: Record) -> Iterable[tuple[str, str, Text]]:
    for name in _PARTS:
        for part in record[name]:
            label = part.outline().label if isinstance(part, Record) else ""
            if label:
                yield heading(name), label.casefold(), Text(label)
