"""Queries for charts: records with their names, in the order of the chart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import ThreatGraphError
from threatgraph.plots.style import clean, shorten_label
from threatgraph.store import Store
from threatgraph.vocab import shorten, tg

_NAMES = "SELECT ?record ?label ?code WHERE {{ ?record a <{cls}> {label} {code} }}"
_LABEL = "OPTIONAL { ?record skos:prefLabel ?label }"
_CODE = "OPTIONAL { ?record skos:notation ?code }"


@dataclass(frozen=True, slots=True)
class Named:
    """A record and its names."""

    iri: str
    label: str
    """The English label, otherwise one without a language, otherwise any; the prefixed name if it has none."""
    code: str = ""

    @property
    def order(self) -> tuple[bool, str, str, str]:
        """The sort key: the code (records without a code are last), then label and IRI."""
        return (not self.code, self.code, self.label, self.iri)


NO_DOMAIN = Named("", "No domain")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A threat pattern and its domain."""

    named: Named
    domain: Named

    @property
    def iri(self) -> str:
        """The IRI of the pattern."""
        return self.named.iri


def read_named(store: Store, cls: str) -> dict[str, Named]:
    """Read the records of a class by IRI, sorted by :attr:`Named.order`."""
    labels: dict[str, list[tuple[int, str]]] = defaultdict(list)
    codes: dict[str, list[str]] = defaultdict(list)
    for record, label, code in store.select(_NAMES.format(cls=tg(cls), label=_LABEL, code=_CODE)).rows:
        if not isinstance(record, NamedNode):
            continue
        labels[record.value] += [_ranked(label)] if isinstance(label, Literal) else []
        codes[record.value] += [code.value] if isinstance(code, Literal) else []
    found = [
        Named(iri, clean(min(labels[iri])[1]) if labels[iri] else shorten(iri), clean(min(codes[iri], default="")))
        for iri in codes
    ]
    return {record.iri: record for record in sorted(found, key=lambda record: record.order)}


def _ranked(label: Literal) -> tuple[int, str]:
    language = (label.language or "").lower()
    return (0 if language.partition("-")[0] == "en" else 2 if language else 1), label.value


def read_links(store: Store, path: str, cls: str = "ThreatPattern") -> dict[str, list[str]]:
    """Read the links of the records of a class.

    Args:
        store: the graph.
        path: a SPARQL property path, such as ``tg:causalFactor``.
        cls: the class of the records.

    Returns:
        The IRIs that each record links to, sorted, each once. Records without links are not in the result.
    """
    rows = store.select(f"SELECT DISTINCT ?from ?to WHERE {{ ?from a <{tg(cls)}> ; {path} ?to . FILTER(ISIRI(?to)) }}")
    links: dict[str, list[str]] = defaultdict(list)
    for source, target in rows.rows:
        links[str(getattr(source, "value", ""))].append(str(getattr(target, "value", "")))
    return {source: sorted(links[source]) for source in sorted(links)}


def read_patterns(store: Store, domain: str | None = None) -> list[Pattern]:
    """Read the threat patterns, sorted by domain.

    Args:
        store: the graph.
        domain: the IRI of a domain, to read only its patterns.

    Raises:
        ThreatGraphError: if none exist.
    """
    domains = read_named(store, "Domain")
    stated = read_links(store, "tg:domain")
    found = []
    for iri, named in read_named(store, "ThreatPattern").items():
        own = stated.get(iri, [""])[0]
        if domain is None or domain == own:
            found.append(Pattern(named, domains.get(own) or (Named(own, shorten(own)) if own else NO_DOMAIN)))
    if not found:
        where = f"the domain {shorten(domain)}" if domain else "the graph"
        remedy = "choose another domain" if domain else "add some with `data=` or `bundled=True`"
        raise ThreatGraphError(f"{where} has no threat patterns: {remedy}.")
    return sorted(found, key=lambda pattern: (pattern.domain is NO_DOMAIN, pattern.domain.order, pattern.named.order))


def display_names(records: Sequence[Named]) -> list[str]:
    """Return the label of each record, truncated if long, with its code or IRI if two are the same."""
    shown = [shorten_label(record.label) for record in records]
    seen = Counter(shown)
    return [
        name if seen[name] == 1 else f"{name} ({record.code or shorten(record.iri)})"
        for name, record in zip(shown, records, strict=True)
    ]


def groups_of(keys: Iterable[object]) -> list[tuple[int, int]]:
    """Return the runs of equal consecutive keys, each as its start and end (exclusive)."""
    runs: list[tuple[int, int]] = []
    before: object = object()
    for index, key in enumerate(keys):
        if runs and key == before:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
        before = key
    return runs


def truncated_names(records: Sequence[Named]) -> str:
    """Return a sentence with the full labels that are truncated in the chart; empty if there are none."""
    cut = [record.label for record in records if shorten_label(record.label) != record.label]
    return " Full names of truncated labels: " + "; ".join(cut) + "." if cut else ""
