"""What the pictures need of the graph: records with their names, in the order in which they are shown."""

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
    """A record and what to call it."""

    iri: str
    label: str
    """Its English label, else one without a language, else any; its short IRI where there is none."""
    code: str = ""

    @property
    def order(self) -> tuple[bool, str, str, str]:
        """Where it stands among others: by code, those without one last, then by label and IRI."""
        return (not self.code, self.code, self.label, self.iri)


NO_DOMAIN = Named("", "No domain stated")


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
    """The records of a class of the ontology by IRI, in the order of :attr:`Named.order`."""
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
    """What the records of a class link to.

    Args:
        store: the graph.
        path: a SPARQL property path, such as ``tg:causalFactor``.
        cls: the class of the records that link.

    Returns:
        For each record that links to anything the IRIs that it links to, sorted, each once.
    """
    rows = store.select(f"SELECT DISTINCT ?from ?to WHERE {{ ?from a <{tg(cls)}> ; {path} ?to . FILTER(ISIRI(?to)) }}")
    links: dict[str, list[str]] = defaultdict(list)
    for source, target in rows.rows:
        links[str(getattr(source, "value", ""))].append(str(getattr(target, "value", "")))
    return {source: sorted(links[source]) for source in sorted(links)}


def read_patterns(store: Store, domain: str | None = None) -> list[Pattern]:
    """The threat patterns, domain by domain.

    Args:
        store: the graph.
        domain: the IRI of a domain, for its patterns alone.

    Raises:
        ThreatGraphError: where there is none.
    """
    domains = read_named(store, "Domain")
    stated = read_links(store, "tg:domain")
    found = []
    for iri, named in read_named(store, "ThreatPattern").items():
        home = stated.get(iri, [""])[0]
        if domain is None or domain == home:
            found.append(Pattern(named, domains.get(home) or (Named(home, shorten(home)) if home else NO_DOMAIN)))
    if not found:
        where = f"the domain {shorten(domain)} holds" if domain else "the graph holds"
        remedy = "choose another domain" if domain else "add some with `data=` or `bundled=True`"
        raise ThreatGraphError(f"{where} no threat pattern, so there is nothing to draw: {remedy}.")
    return sorted(found, key=lambda pattern: (pattern.domain is NO_DOMAIN, pattern.domain.order, pattern.named.order))


def display_names(records: Sequence[Named]) -> list[str]:
    """What to write beside each record: its label, cut where it is long, with a code or IRI where two are alike."""
    shown = [shorten_label(record.label) for record in records]
    seen = Counter(shown)
    return [
        name if seen[name] == 1 else f"{name} ({record.code or shorten(record.iri)})"
        for name, record in zip(shown, records, strict=True)
    ]


def groups_of(keys: Iterable[object]) -> list[tuple[int, int]]:
    """The runs of equal keys that follow each other: where each begins, and where it ends (one past its last)."""
    runs: list[tuple[int, int]] = []
    before: object = object()
    for place, key in enumerate(keys):
        if runs and key == before:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
        before = key
    return runs


def told_in_full(records: Sequence[Named]) -> str:
    """A sentence with the labels that do not stand in the picture in full; nothing where all do."""
    cut = [record.label for record in records if shorten_label(record.label) != record.label]
    return " Names that are cut short in the picture: " + "; ".join(cut) + "." if cut else ""
