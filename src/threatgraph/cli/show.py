"""The command that shows one record as a page of text."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence

from pyoxigraph import NamedNode

from threatgraph.cli.output import in_color, open_graph, put, width, wrap
from threatgraph.display import printable
from threatgraph.records import Link, Record
from threatgraph.store import Store
from threatgraph.table import to_text
from threatgraph.vocab import TG

#: The sections of a page in their order, with the properties that each shows; others come after them.
_SECTIONS: dict[str, tuple[str, ...]] = {
    "Definition": ("definition", "description"),
    "Incidents": ("incidentSummary",),
    "Why this threat exists": ("mechanismSummary", "mechanism"),
    "Who is affected": ("listedGroup", "impact", "harmedParty"),
    "Detection indicators": ("indicatorSummary", "indicator"),
    "Prevention measures": ("measure",),
    "Response guidance": ("responseTrigger", "responseStep"),
    "Regulatory and framework context": ("governanceContext",),
    "Framework mapping": ("mapping",),
    "Causal factors": ("causalFactor",),
    "Threat patterns": ("patternLink",),
    "Tactics": ("tactic",),
    "Addresses": ("addresses",),
    "Crosswalk": ("crosswalkMapping",),
    "Related": ("escalatesTo", "distinguishedFrom", "relatedIncident", "coOccursWith", "related"),
    "Figures of the source": ("sourceFigure",),
    "Use in retrieval": ("retrievalQuestion", "retrievalTopic", "retrievalNote"),
    "Notes": ("scopeNote", "editorialNote", "outcome"),
}
#: What shares a section with others, so that each of its lines says what it is.
_NAMED = {"listedGroup", "harmedParty", *_SECTIONS["Related"]}
#: Facts that fit one line, shown at the head of the page, each with the property that says why.
_FACTS = {
    "domain": None,
    "severity": "severityRationale",
    "likelihoodTrend": "likelihoodTrendRationale",
    "evidenceLevel": "evidenceRationale",
}
#: What follows from other statements, or stands in the head already.
_HIDDEN = {"type", "prefLabel", "notation", "abstract", "affects", "mappedTo", "involvesPattern", "primaryPattern"}
_HIDDEN |= {"inScheme", "hasTopConcept"}
#: What it means to be at the other end of a link.
_INBOUND_TITLES = {
    "addresses": "Addressed by",
    "broadMatch": "Narrower in another framework",
    "broader": "Below it",
    "causalFactor": "Named as a cause by",
    "coOccursWith": "Occurs together with",
    "crosswalkMapping": "Linked by the crosswalk",
    "deployer": "Deployer in",
    "developer": "Developer in",
    "distinguishedFrom": "Told apart from it",
    "domain": "In this domain",
    "escalatesTo": "Can grow out of",
    "governanceContext": "Governance context of",
    "hasTopConcept": "Top concept of",
    "impact": "Hit by",
    "inScheme": "Holds",
    "listedGroup": "Listed by",
    "mapping": "Mapped from",
    "patternLink": "Incidents on record",
    "related": "Related",
    "relatedIncident": "Related incidents",
    "relatedMatch": "Related in another framework",
    "sourceFigure": "Spoken of in figures of",
    "tactic": "Techniques",
    "victim": "Victim in",
}
_HIDDEN |= {"secondaryPattern", "actor", *_FACTS, *filter(None, _FACTS.values())}
_INBOUND = """
SELECT DISTINCT ?property ?code ?label ?owner
WHERE {
  { ?owner ?property ?record . FILTER NOT EXISTS { ?whole tg:hasPart ?owner } }
  UNION
  { ?part ?inner ?record . ?owner tg:hasPart ?part ; ?property ?part }
  ?owner skos:prefLabel ?label .
  OPTIONAL { ?owner skos:notation ?code }
  FILTER(?owner != ?record)
  FILTER(?property NOT IN (
    tg:affects, tg:hasPart, tg:mappedTo, tg:involvesPattern, tg:primaryPattern, tg:secondaryPattern, tg:actor
  ))
  FILTER NOT EXISTS { ?owner a tg:ThreatPattern ; tg:domain ?record . FILTER(?property = skos:broader) }
}
ORDER BY STR(?property) STR(?code) STR(?label) STR(?owner)
"""
_MOST_INBOUND = 20
#: Names that do not read well as words.
_TITLES = {
    "addedProperty": "Added by threatgraph",
    "aiidNumber": "AI Incident Database number",
    "altLabel": "Also called",
    "coOccursWith": "Occurs together with",
    "subjectOf": "Page",
}


def show(arguments: argparse.Namespace) -> int:
    """Show one record."""
    graph = open_graph(arguments, quick=True)
    if arguments.format not in ("text", "json"):
        put(graph.export(arguments.format, node=graph.resolve(arguments.id, arguments.kind)), arguments)
        return 0
    record = graph.record(arguments.id, arguments.kind)
    inbound = _inbound(graph.store, record)
    if arguments.format == "json":
        links = {title: [{"iri": link.iri, "label": link.label} for link in found] for title, found in inbound.items()}
        put(json.dumps(record.to_dict() | {"inbound": links}, ensure_ascii=False, indent=2) + "\n", arguments)
        return 0
    put(_Page(width(arguments), color=in_color(arguments)).write(record, inbound), arguments)
    return 0


def _inbound(store: Store, record: Record) -> dict[str, list[Link]]:
    """The records that link here, by the property of the link."""
    found: dict[str, list[Link]] = {}
    for prop, code, label, owner in store.select(_INBOUND, {"record": NamedNode(record.iri)}).rows:
        link = Link(str(getattr(owner, "value", "")), to_text(label), to_text(code) or None)
        name = to_text(prop).partition(":")[2]
        found.setdefault(_INBOUND_TITLES.get(name, f"{_title(name)} of"), []).append(link)
    return found


class _Page:
    """Writes a record as text.

    Args:
        columns: the characters that fit a line; ``None`` for lines of any length.
        color: whether headings stand out.
    """

    def __init__(self, columns: int | None, *, color: bool) -> None:
        self._columns, self._color = columns, color

    def write(self, record: Record, inbound: dict[str, list[Link]]) -> str:
        """The page of a record."""
        head = self._wrap(" ".join(filter(None, (record.code, record.label))), "")
        lines = [*map(self._bold, head), printable(record.iri), ""]
        if record.text("abstract"):
            lines += [*self._wrap(record.text("abstract"), ""), ""]
        lines += self._facts(record)
        sections = dict(_SECTIONS)
        shown = {name for names in sections.values() for name in names}
        hidden = _HIDDEN | ({"broader"} if record.kind == "pattern" else set())  # a pattern's is its domain
        rest = [name for name in record if name not in shown | hidden]
        plain = [name for name in rest if not any(isinstance(value, Record) for value in record[name])]
        for name in plain:
            shown_value = _term if name == "addedProperty" else str
            values = "; ".join(shown_value(value) for value in record[name])
            lines += self._wrap(f"{_title(name)}: {values}", "", hang="  ")
        for title, names in (sections | {_title(name): (name,) for name in rest if name not in plain}).items():
            body = [line for name in names for line in self._values(record, name)]
            if body:
                lines += ["", self._bold(printable(title)), *body]
        for title, links in inbound.items():
            lines += ["", self._bold(printable(f"{title} ({len(links)})"))]
            lines += [line for link in links[:_MOST_INBOUND] for line in self._wrap(f"- {link}", "  ", hang="  ")]
            if len(links) > _MOST_INBOUND:
                lines.append(f"  … and {len(links) - _MOST_INBOUND} more")
        return "\n".join(lines) + "\n"

    def _facts(self, record: Record) -> Iterator[str]:
        for name, why in _FACTS.items():
            for value in record[name]:
                reason = f" — {record.text(why)}" if why and record.text(why) else ""
                yield from self._wrap(f"{_title(name)}: {value}{reason}", "", hang="  ")

    def _values(self, record: Record, name: str) -> Iterator[str]:
        values = record[name]
        if not values:
            return
        if not any(isinstance(value, Record) for value in values):
            if len(values) == 1 and not isinstance(values[0], Link) and name not in _NAMED:
                yield from self._wrap(str(values[0]), "  ")
                return
            prefix = f"{_title(name)}: " if name in _NAMED else ""
            for value in values:
                yield from self._wrap(f"- {prefix}{value}", "  ", hang="  ")
            return
        for number, value in enumerate(values, 1):
            mark = f"{number}. " if "position" in _names(values) else "- "
            yield from self._wrap(mark + _told(value), "  ", hang=" " * len(mark))

    def _bold(self, text: str) -> str:
        return f"\033[1m{text}\033[0m" if self._color else text

    def _wrap(self, text: str, indent: str, hang: str = "") -> list[str]:
        return wrap(printable(text), self._columns, indent, hang)


def _names(values: Sequence[object]) -> set[str]:
    return {name for value in values if isinstance(value, Record) for name in value}


def _told(part: object) -> str:
    """One part of a record as a line: what it is called or points to, and what it says."""
    if not isinstance(part, Record):
        return str(part)
    links = [name for name in ("group", "pattern", "subject_id", "object_id", "framework") if part[name]]
    head = part.label or "; ".join(str(part[name][0]) for name in links)
    if part.label and links:
        head += f" ({'; '.join(str(part[name][0]) for name in links)})"
    details = [_detail(name, part[name]) for name in _DETAILS if part[name] and part.text(name) != part.label]
    text = " ".join(filter(None, (part.text("description"), part.text("rationale"))))
    return head + (f" [{', '.join(details)}]" if details else "") + (f" — {text}" if text else "")


_DETAILS = {
    "impactRole": "",
    "patternRole": "",
    "predicate_id": "",
    "curationStatus": "",
    "reviewState": "review: ",
    "sourceLabel": "source: ",
    "confidence": "confidence ",
    "count": "",
    "total": "out of ",
    "percentage": "per cent: ",
    "severity": "severity: ",
    "asOf": "as of ",
}


def _detail(name: str, values: Sequence[object]) -> str:
    shown = ", ".join(_short(value) for value in values)
    return f"{_DETAILS[name]}{shown}"


def _short(value: object) -> str:
    text = str(value)
    return re.split(r"[#/]", text)[-1] if text.startswith("http") else text


def _term(value: object) -> str:
    """A property as words: ``tg:causalFactor`` becomes ``causal factor``."""
    return _title(_short(value)).lower()


def _title(name: str) -> str:
    """A property's name as words: ``evidenceLevel`` becomes ``Evidence level``."""
    if name in _TITLES:
        return _TITLES[name]
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removeprefix(TG)).replace("_", " ").lower()
    return words[:1].upper() + words[1:]
