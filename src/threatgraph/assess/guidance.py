"""Reads what the graph has on threat patterns and incidents: measures, controls, indicators, steps and sources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from threatgraph.assess.model import Control, Precedent
from threatgraph.store import Store
from threatgraph.vocab import PREFIXES, SKOS, tg

_DCTERMS = PREFIXES["dcterms"]
_PATTERNS = f"""
SELECT ?pattern ?property ?value ?label {{
  VALUES ?pattern {{ %s }}
  VALUES ?property {{
    <{SKOS}notation> <{SKOS}prefLabel> <{_DCTERMS}abstract> <{SKOS}definition> <{tg("severity")}>
    <{tg("likelihoodTrend")}> <{tg("causalFactor")}> <{tg("affects")}> <{tg("mappedTo")}> <{_DCTERMS}references>
  }}
  ?pattern ?property ?value .
  OPTIONAL {{ ?value <{SKOS}prefLabel> ?label }}
}}
"""
_PARTS = f"""
SELECT ?pattern ?property ?part ?position ?label ?text {{
  VALUES ?pattern {{ %s }}
  VALUES ?property {{ <{tg("measure")}> <{tg("indicator")}> <{tg("responseStep")}> }}
  ?pattern ?property ?part .
  ?part <{SKOS}prefLabel> ?label .
  OPTIONAL {{ ?part <{tg("position")}> ?position }}
  OPTIONAL {{ ?part <{_DCTERMS}description> ?text }}
}}
"""
_CONTROLS = f"""
SELECT DISTINCT ?pattern ?control ?label ?code ?text ?framework ?framework_label {{
  VALUES ?pattern {{ %s }}
  ?pattern <{tg("measure")}>/<{tg("control")}> ?control .
  ?control <{SKOS}prefLabel> ?label ; <{SKOS}inScheme> ?framework .
  OPTIONAL {{ ?control <{SKOS}notation> ?code }}
  OPTIONAL {{ ?control <{SKOS}definition> ?text }}
  OPTIONAL {{ ?framework <{SKOS}prefLabel> ?framework_label }}
}}
"""
_INVOLVED = f"SELECT DISTINCT ?pattern ?incident {{ ?incident <{tg('involvesPattern')}> ?pattern }}"
_SECTORS = f"SELECT ?incident ?sector {{ ?incident a <{tg('Incident')}> ; <{tg('sector')}> ?sector }}"
_USES = f"SELECT DISTINCT ?incident ?provision {{ ?incident a <{tg('Incident')}> ; <{tg('mappedTo')}> ?provision }}"
_INCIDENTS = f"""
SELECT ?incident ?label ?occurred ?severity ?outcome ?source ?position {{
  VALUES ?incident {{ %s }}
  ?incident <{SKOS}prefLabel> ?label .
  OPTIONAL {{ ?incident <{tg("occurred")}> ?occurred }}
  OPTIONAL {{ ?incident <{tg("severity")}>/<{SKOS}prefLabel> ?severity }}
  OPTIONAL {{ ?incident <{tg("outcome")}> ?outcome }}
  OPTIONAL {{
    {{
      ?incident <{tg("citation")}> ?citation . ?citation <{_DCTERMS}source> ?source .
      OPTIONAL {{ ?citation <{tg("position")}> ?position }}
    }}
    UNION {{ ?incident <{_DCTERMS}source>|<{_DCTERMS}references> ?source }}
  }}
}}
"""
_CODES = f"""
SELECT ?provision ?code ?framework ?framework_label {{
  VALUES ?provision {{ %s }}
  ?provision <{SKOS}inScheme> ?framework ; <{SKOS}notation> ?code .
  OPTIONAL {{ ?framework <{SKOS}prefLabel> ?framework_label }}
}}
"""


@dataclass(slots=True)
class Guidance:
    """What the graph has on a pattern."""

    code: str | None = None
    label: str = ""
    abstract: str = ""
    severity: str = ""
    trend: str = ""
    causes: list[str] = field(default_factory=list)
    affected: list[str] = field(default_factory=list)
    mapped: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    mitigations: list[Control] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    indicators: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


def read_patterns(store: Store, patterns: Sequence[str], frameworks: Collection[str]) -> dict[str, Guidance]:
    """Read the guidance of patterns.

    Args:
        store: the graph.
        patterns: the IRIs of the patterns.
        frameworks: the IRIs of the frameworks whose controls are listed; all if empty.
    """
    found = {iri: Guidance() for iri in patterns}
    if not found:
        return found
    values = " ".join(f"<{iri}>" for iri in patterns)
    for row in store.select(_PATTERNS % values).to_dicts():
        _state(found[str(row["pattern"])], str(row["property"]), str(row["value"]), row["label"])
    parts = store.select(_PARTS % values).to_dicts()
    for row in sorted(parts, key=lambda row: (str(row["property"]), int(row["position"] or 0), str(row["part"]))):
        _add_part(found[str(row["pattern"])], row)
    rows = store.select(_CONTROLS % values).to_dicts()
    for row in sorted(rows, key=lambda row: str(row["control"])):
        if frameworks and str(row["framework"]) not in frameworks:
            continue
        label = f"{row['code']} {row['label']}" if row["code"] else str(row["label"])
        control = Control(
            str(row["control"]), label, str(row["text"] or ""), str(row["framework_label"] or row["framework"])
        )
        found[str(row["pattern"])].controls.append(control)
    for guidance in found.values():
        for names in (guidance.causes, guidance.affected, guidance.mapped, guidance.references):
            names.sort()
    return found


def _state(guidance: Guidance, prop: str, value: str, label: object) -> None:
    name = prop.rpartition("#")[2].rpartition("/")[2]
    text = str(label or value)
    lists = {
        "causalFactor": guidance.causes,
        "affects": guidance.affected,
        "mappedTo": guidance.mapped,
        "references": guidance.references,
    }
    if name in lists:
        item = value if name in ("mappedTo", "references") else text
        if item not in lists[name]:
            lists[name].append(item)
    elif name == "notation":
        guidance.code = value
    elif name == "prefLabel":
        guidance.label = value
    elif name == "abstract" or (name == "definition" and not guidance.abstract):
        guidance.abstract = value
    elif name == "severity":
        guidance.severity = text
    elif name == "likelihoodTrend":
        guidance.trend = text


def _add_part(guidance: Guidance, row: dict[str, str | int | float | bool | None]) -> None:
    label, text, name = str(row["label"]), str(row["text"] or ""), str(row["property"]).rpartition("#")[2]
    if name == "measure":
        guidance.mitigations.append(Control(str(row["part"]), label, text, None))
    else:
        listed = guidance.indicators if name == "indicator" else guidance.steps
        listed.append(f"{label}: {text}" if text else label)


def read_involved(store: Store) -> dict[str, tuple[str, ...]]:
    """Read the incidents of every pattern."""
    found: dict[str, list[str]] = {}
    for row in store.select(_INVOLVED).to_dicts():
        found.setdefault(str(row["pattern"]), []).append(str(row["incident"]))
    return {pattern: tuple(sorted(incidents)) for pattern, incidents in found.items()}


def read_sectors(store: Store) -> dict[str, set[str]]:
    """Read the slugs of the sectors of every incident."""
    return _sets(
        (str(row["incident"]), str(row["sector"]).rpartition("/")[2]) for row in store.select(_SECTORS).to_dicts()
    )


def read_uses(store: Store) -> dict[str, set[str]]:
    """Read the provisions that every incident is mapped to."""
    return _sets((str(row["incident"]), str(row["provision"])) for row in store.select(_USES).to_dicts())


def _sets(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return found


def read_precedents(store: Store, why: dict[str, str]) -> dict[str, Precedent]:
    """Read incidents with their sources.

    Args:
        store: the graph.
        why: the IRIs of the incidents, each with the reason why it is comparable.
    """
    if not why:
        return {}
    rows = store.select(_INCIDENTS % " ".join(f"<{iri}>" for iri in why)).to_dicts()
    by_incident: dict[str, list[dict[str, str | int | float | bool | None]]] = {}
    for row in rows:
        by_incident.setdefault(str(row["incident"]), []).append(row)
    return {iri: _precedent(iri, by_incident[iri], why[iri]) for iri in why if iri in by_incident}


def _precedent(iri: str, rows: list[dict[str, str | int | float | bool | None]], why: str) -> Precedent:
    def first(name: str) -> str | None:
        found = sorted({str(row[name]) for row in rows if row[name] is not None})
        return found[0] if found else None

    sources = sorted({(int(row["position"] or 99), str(row["source"])) for row in rows if row["source"]})
    return Precedent(
        iri=iri,
        label=first("label") or iri,
        occurred=first("occurred"),
        severity=first("severity"),
        outcome=first("outcome"),
        sources=tuple(dict.fromkeys(url for _, url in sources)),
        why=why,
    )


def read_codes(store: Store, provisions: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    """Read the framework IRI, the framework label and the code of provisions."""
    values = " ".join(f"<{iri}>" for iri in sorted(set(provisions)))
    if not values:
        return {}
    return {
        str(row["provision"]): (
            str(row["framework"]),
            str(row["framework_label"] or row["framework"]),
            str(row["code"]),
        )
        for row in store.select(_CODES % values).to_dicts()
    }
