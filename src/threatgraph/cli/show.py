"""``threatgraph show``: show one record with its links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from threatgraph.cli.options import TRIPLES, Options, add_format
from threatgraph.cli.output import in_color, open_graph, width, wrap, write, write_text
from threatgraph.cli.parser import Parser
from threatgraph.display import printable
from threatgraph.graph import ThreatGraph
from threatgraph.records import Link, Record
from threatgraph.vocab import TG

#: The sections of a page in their order, with the properties that each shows; others come after them.
_SECTIONS: dict[str, tuple[str, ...]] = {
    "Definition": ("definition", "description"),
    "Incidents": ("incidentSummary",),
    "Why this threat exists": ("mechanismSummary", "mechanism"),
    "Who is affected": ("listedGroup", "impact", "harmedParty"),
    "Detection indicators": ("indicatorSummary", "indicator"),
    "Mitigations": ("measure",),
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
    "Retrieval hints": ("retrievalQuestion", "retrievalTopic", "retrievalNote"),
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
    "distinguishedFrom": "Distinguished from",
    "domain": "In this domain",
    "escalatesTo": "Escalates from",
    "governanceContext": "Governance context of",
    "hasTopConcept": "Top concept of",
    "impact": "Affected by",
    "inScheme": "Holds",
    "listedGroup": "Listed by",
    "mapping": "Mapped from",
    "patternLink": "Incidents on record",
    "related": "Related",
    "relatedIncident": "Related incidents",
    "relatedMatch": "Related in another framework",
    "sourceFigure": "Mentioned in figures of",
    "tactic": "Techniques",
    "victim": "Victim in",
}
_HIDDEN |= {"secondaryPattern", "actor", *_FACTS, *filter(None, _FACTS.values())}
_MOST_INBOUND = 20
#: Names that do not read well as words.
_TITLES = {
    "addedProperty": "Added by threatgraph",
    "aiidNumber": "AI Incident Database number",
    "altLabel": "Also called",
    "coOccursWith": "Occurs together with",
    "subjectOf": "Page",
}


@dataclass(frozen=True, kw_only=True)
class ShowOptions(Options):
    """The options of ``threatgraph show``."""

    id: str
    kind: str | None = None
    format: str = "text"


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=ShowOptions)
    parser.add_argument("id", metavar="ID", help="a code, slug, label, prefixed name or IRI")
    parser.add_argument("--kind", metavar="KIND", help="kind of the record, if several records share the name")
    add_format(parser, "text", "json", TRIPLES, default="text")
    parser.add_examples(
        "threatgraph show PAT-SYS-005",
        "threatgraph show eu-ai-act:article-14",
        "threatgraph show goal-drift --format turtle",
    )


def execute(options: ShowOptions) -> int:
    """Show one record."""
    graph = open_graph(options, quick=True)
    if options.id.startswith(("tg:", TG)):
        return _show_term(graph, options)
    if options.format not in ("text", "json"):
        write(graph.export(options.format, node=graph.resolve(options.id, options.kind)), options)
        return 0
    record = graph.record(options.id, options.kind)
    inbound = _inbound(graph, record)
    if options.format == "json":
        links = {title: [{"iri": link.iri, "label": link.label} for link in found] for title, found in inbound.items()}
        write(json.dumps(record.to_dict() | {"inbound": links}, ensure_ascii=False, indent=2) + "\n", options)
        return 0
    write(_Page(width(options), color=in_color(options)).write(record, inbound), options)
    return 0


def _show_term(graph: ThreatGraph, options: ShowOptions) -> int:
    """Explain a class or property of the ontology, as ``threatgraph schema`` does."""
    found = graph.schema(options.id)
    if options.format == "text":
        write_text(found.render(width(options)), options)
    elif options.format == "json":
        write(found.to_json() + "\n", options)
    else:
        answer = graph.query(f"DESCRIBE <{found.iri}>", raw=True)
        write(graph.serialize(answer if isinstance(answer, list) else [], options.format), options)
    return 0


def _inbound(graph: ThreatGraph, record: Record) -> dict[str, list[Link]]:
    """The records that link here, under the title of the property of the link."""
    found: dict[str, list[Link]] = {}
    for name, links in graph.inbound(record).items():
        found.setdefault(_INBOUND_TITLES.get(name, f"{_title(name)} of"), []).extend(links)
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
            yield from self._wrap(mark + _line(value), "  ", hang=" " * len(mark))

    def _bold(self, text: str) -> str:
        return f"\033[1m{text}\033[0m" if self._color else text

    def _wrap(self, text: str, indent: str, hang: str = "") -> list[str]:
        return wrap(printable(text), self._columns, indent, hang)


def _names(values: Sequence[object]) -> set[str]:
    return {name for value in values if isinstance(value, Record) for name in value}


def _line(part: object) -> str:
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
    "percentage": "percent: ",
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
