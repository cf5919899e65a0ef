"""The view of recommendations: records that are related to a record or a text, with reasons and evidence in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pyoxigraph import Triple

from threatgraph.analytics.records import named
from threatgraph.errors import AmbiguousName, InvalidQuery, ThreatGraphError, UnknownName
from threatgraph.graph import ThreatGraph
from threatgraph.headings import heading
from threatgraph.labels import read_labels
from threatgraph.recommend.recommendation import Reason, Recommendation
from threatgraph.recommend.result import Recommendations
from threatgraph.table import to_text
from threatgraph.vocab import KINDS
from threatgraph.web.document import MEDIA_TYPES, TypedLink
from threatgraph.web.fields import Field
from threatgraph.web.links import Links
from threatgraph.web.view import Text, plural
from threatgraph.web.views.page import (
    Given,
    Page,
    View,
    choice,
    number,
    query,
    read,
    record_field,
    slug,
    to_table,
    word_field,
)

PATH = "recommend"
TITLE = "Recommendations"
SUMMARY = (
    "Patterns, incidents or provisions that are related to a record or to a description of yours, with the reasons and "
    "the statements behind them."
)
_LEAD = (
    "Recommendations are computed from texts and links of the graph. They are candidates to check; the links that "
    "curators made are listed apart."
)
_KINDS = {"pattern": "patterns", "incident": "incidents", "provision": "provisions"}
_TOP, _MOST, _MOST_EVIDENCE, _LONGEST = 10, 50, 3, 160
"""Recommendations by default and at most, statements for each reason, and characters of a text in a statement."""
#: The names of the signals, for people.
_SIGNALS = {
    "names": "names",
    "words": "words",
    "topics": "topics",
    "embedding": "meaning",
    "rationales": "rationale",
    "examples": "examples",
    "walk": "links",
    "taxonomy": "what both have",
    "nearest": "similar records",
    "neighbors": "similar records",
    "cooccurrence": "incidents",
    "rules": "mentions",
}
_COLUMNS = (
    "link", "rank", "score", "certainty", "code", "label", "meaning", "reason", "kind", "record",
)  # fmt: skip


class Evidence(NamedTuple):
    """A reason with its statements in words."""

    signal: str
    contribution: str
    text: str
    statements: tuple[tuple[str, str, str], ...]
    more: int
    """The number of further statements."""


class Shown(NamedTuple):
    """A recommendation for a page."""

    name: Text
    code: str
    score: str
    certainty: str
    explanation: str
    reasons: tuple[Evidence, ...]


class Curated(NamedTuple):
    """A link that curators made, for a page."""

    name: Text
    meaning: str
    rationale: str


class Section(NamedTuple):
    """The recommendations of one kind."""

    title: str
    shown: tuple[Shown, ...]
    curated: tuple[Curated, ...]
    note: str


def render(graph: ThreatGraph, path: str, links: Links, given: Given) -> Page | None:
    """Return recommendations; without a record and a text, the form, or in files the list of their pages.

    Args:
        graph: the graph.
        path: empty, or the end of the IRI of a pattern, for recommendations of all kinds.
        links: where documents are.
        given: ``node``, once or several times, or ``text``; ``kind``, ``framework`` and ``top``.

    Returns:
        The page, or ``None`` if the graph has no pattern with this path.

    Raises:
        UnknownName: for a parameter or a record that does not exist.
        AmbiguousName: if several records have the name.
        InvalidQuery: for a value that is not valid.
    """
    nodes = [value.strip() for name, value in given if name == "node" and value.strip()]
    values = read([pair for pair in given if pair[0] != "node"], ("text", "kind", "framework", "top"))
    if path:
        iri = KINDS["pattern"].namespace + path
        if iri not in named(graph.store, "pattern"):
            return None
        nodes, kinds = [iri], tuple(_KINDS)
    else:
        kinds = (choice(values, "kind", tuple(_KINDS)) or ("provision" if "framework" in values else "pattern"),)
    if not nodes and "text" not in values:
        return _overview(graph, links)
    if nodes and "text" in values:
        raise InvalidQuery("give either node, once or several times, or text.")
    found = [(kind, *_ask(graph, nodes, kind, values)) for kind in kinds]
    return _document(graph, found, path, links, nodes, values)


def paths_with_pages(graph: ThreatGraph) -> list[str]:
    """Return the ends of the IRIs of the patterns, each of which has a page in a site."""
    space = KINDS["pattern"].namespace
    return [iri.removeprefix(space) for iri in named(graph.store, "pattern") if iri.startswith(space)]


def _ask(
    graph: ThreatGraph, nodes: Sequence[str], kind: str, values: Mapping[str, str]
) -> tuple[Recommendations | None, str]:
    """The recommendations, or why there are none."""
    top = number(values, "top", 1, _MOST, _TOP)
    try:
        return graph.recommend(
            nodes or None, text=values.get("text"), kind=kind, top=top, framework=values.get("framework")
        ), ""
    except (UnknownName, AmbiguousName, InvalidQuery):
        raise
    except ThreatGraphError as error:  # the graph has no records of the kind
        return None, str(error)


def _overview(graph: ThreatGraph, links: Links) -> Page:
    patterns = named(graph.store, "pattern")
    space = KINDS["pattern"].namespace
    pages = {iri: links.page(f"{PATH}/{slug(iri)}") for iri in patterns if iri.startswith(space)}
    rows = [(patterns[iri].label, url, iri) for iri, url in pages.items()]
    view = View(PATH, TITLE, SUMMARY, to_table(("label", "page", "pattern"), rows))
    shown = [Text(patterns[iri].label, url) for iri, url in pages.items()]
    return Page(view, links, "recommend_form", shown=shown, fields=_fields(graph, {}, "", links))


def _fields(graph: ThreatGraph, values: Mapping[str, str], node: str, links: Links) -> list[Field]:
    if links.is_static:
        return []
    framework = graph.resolve(values["framework"], "framework") if "framework" in values else ""
    return [
        Field("node", "A record", node, hint="code, name or IRI"),
        word_field("kind", "Recommend", values.get("kind", "pattern"), _KINDS, required=True),
        record_field(graph, "framework", "Framework", "framework", framework),
    ]


def _document(
    graph: ThreatGraph,
    found: Sequence[tuple[str, Recommendations | None, str]],
    path: str,
    links: Links,
    nodes: Sequence[str],
    values: Mapping[str, str],
) -> Page:
    answers = [(kind, answer) for kind, answer, _ in found if answer is not None]
    labels = _labels(graph, (item for _, answer in answers for item in _new(answer)))
    sections = [_section(kind, answer, note, labels, links) for kind, answer, note in found]
    names = answers[0][1].names if answers else (*nodes, *values.get("text", "")[:70].split("\n")[:1])
    title = f"Recommendations for {' and '.join(names)}"
    table = to_table(_COLUMNS, [row for kind, answer in answers for row in _rows(kind, answer)])
    given = (*(("node", node) for node in nodes), *values.items())
    view = View(
        f"{PATH}/{path}" if path else PATH,
        title,
        _LEAD,
        table,
        trail=(Text(TITLE, links.page(PATH)),),
        links=() if path else tuple(_alternate(links, given, name) for name in ("json", "csv", "md", "ttl")),
    )
    known = {} if len(found) > 1 else {"kind": found[0][0]}
    return Page(
        view,
        links,
        "recommend",
        sections=sections,
        fields=[] if path else _fields(graph, {**values, **known}, nodes[0] if len(nodes) == 1 else "", links),
        kept=[("node", node) for node in nodes] if len(nodes) > 1 else [],
        text=values.get("text", ""),
    )


def _alternate(links: Links, given: Iterable[tuple[str, str]], form: str) -> TypedLink:
    """Another form, which the JSON API has at the same path."""
    url = links.page(PATH) + query((*given, ("format", MEDIA_TYPES[form])))
    return TypedLink("alternate", url, MEDIA_TYPES[form])


def _new(answer: Recommendations) -> Sequence[Recommendation]:
    """The recommendations that are not linked yet, if there are links."""
    return answer.new if answer.linked else answer.items


def _labels(graph: ThreatGraph, items: Iterable[Recommendation]) -> Mapping[str, str]:
    """The labels of all ends of the statements, those of a part being the labels of its record."""
    ends = {
        _whole(term)
        for item in items
        for reason in item.reasons
        for statement in reason.statements[:_MOST_EVIDENCE]
        for term in (statement.subject, statement.object)
    }
    return read_labels(graph.store, (end for end in ends if end.startswith(("http://", "https://"))))


def _whole(term: object) -> str:
    return str(getattr(term, "value", "")).partition("#")[0] if type(term).__name__ == "NamedNode" else ""


def _section(kind: str, answer: Recommendations | None, note: str, labels: Mapping[str, str], links: Links) -> Section:
    title = plural(KINDS[kind])
    if answer is None:
        return Section(title, (), (), note)
    shown = tuple(
        Shown(
            Text(item.label, links.to(item.iri)),
            item.code or "",
            f"{item.score:.2f}",
            item.certainty,
            item.explanation,
            tuple(_evidence(reason, labels) for reason in item.reasons),
        )
        for item in _new(answer)
    )
    curated = tuple(
        Curated(Text(str(link), links.to(link.iri)), link.meaning, link.rationale) for link in answer.linked
    )
    return Section(title, shown, curated, answer.note)


def _evidence(reason: Reason, labels: Mapping[str, str]) -> Evidence:
    first = reason.statements[:_MOST_EVIDENCE]
    words = tuple(_in_words(statement, labels) for statement in first)
    return Evidence(
        _SIGNALS.get(reason.signal, reason.signal),
        f"{reason.contribution:.2f}",
        reason.text,
        words,
        len(reason.statements) - len(first),
    )


def _in_words(statement: Triple, labels: Mapping[str, str]) -> tuple[str, str, str]:
    prop = heading(statement.predicate.value.replace("#", "/").rpartition("/")[2]).lower()
    subject, value = (labels.get(_whole(term)) or to_text(term) for term in (statement.subject, statement.object))
    return subject, prop, value if len(value) <= _LONGEST else value[: _LONGEST - 1].rstrip() + "…"


def _rows(kind: str, answer: Recommendations) -> Iterable[tuple[object, ...]]:
    for item in _new(answer):
        score = f"{item.score:.3f}"
        about = item.rank, score, item.certainty, item.code, item.label
        yield "recommended", *about, "", item.explanation, kind, item.iri
    for link in answer.linked:
        yield "curated", "", "", "", link.code, link.label, link.meaning, link.rationale, kind, link.iri
