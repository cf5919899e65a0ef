"""What workers do for the tools that look up: ``search``, ``get`` and ``schema``, and for the resources."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from threatgraph.errors import UnknownName
from threatgraph.mcp.replies import DEFAULT_SIZE, LARGEST_SIZE, Rows, clipped
from threatgraph.mcp.text import Page, page
from threatgraph.records import Record
from threatgraph.service import ServedGraph
from threatgraph.summaries import read_summaries
from threatgraph.vocab import BASE, EDITIONS, KINDS, PREFIXES

_DEFINITION, _SNIPPET, _FACT = 160, 160, 400
_LARGEST_SCHEMA = 5_500
#: The maximum number of hits that a search counts.
_COUNTED = 60
#: What a reply has besides the sections of a record: marks, names and the state of the reply.
_AROUND = 900
_MOST_COMPLETIONS = 100


def search(
    served: ServedGraph, *, text: str, kind: str | None = None, framework: str | None = None, limit: int = 8
) -> Rows:
    """Search the records."""
    found = served.graph.search(text, top=max(limit, _COUNTED), kind=kind, framework=framework)
    hits = found.items[:limit]
    summaries = read_summaries(served.graph.store, [hit.iri for hit in hits])
    rows, lines = [], []
    for hit in hits:
        summary = summaries[hit.iri]
        row = {
            "iri": hit.iri,
            "kind": hit.kind,
            "code": hit.code,
            "label": hit.label,
            "score": round(hit.score, 3),
            "definition": clipped(summary.text, _DEFINITION),
            "snippet": clipped(hit.snippet, _SNIPPET),
            "source": summary.source,
            "curation_status": summary.curation_status,
        }
        rows.append(row)
        lines.append(f"{hit.rank}. {name_line(row)} — {row['definition']}")
    note = found.note.replace("`recommend`", "the tool related")
    return Rows(rows, lines, len(found), note=note, rest="Raise limit to see more.")


def name_line(row: dict[str, Any]) -> str:
    """The names of a record in a reply: code, label, kind, where it comes from, and its IRI."""
    return f"{row['code'] + ' ' if row['code'] else ''}{row['label']} {_origin(row)}"


def _origin(row: dict[str, Any]) -> str:
    origin = "; ".join(filter(None, (row["kind"], row["curation_status"], row["source"])))
    return f"<{row['iri']}> ({origin})"


def get(
    served: ServedGraph, *, id: str, kind: str | None = None, sections: Sequence[str] = (), detail: str = "summary"
) -> Rows:
    """Read one record: its facts and a list of its sections, or the text of sections."""
    record, content = _read(served, id, kind)
    size = LARGEST_SIZE if detail == "full" else DEFAULT_SIZE
    chosen = _chosen(content, sections) if sections or detail == "full" else []
    summary = read_summaries(served.graph.store, [record.iri])[record.iri]
    head: dict[str, Any] = {
        "iri": record.iri,
        "kind": record.kind,
        "code": record.code,
        "label": record.label,
        "source": summary.source,
        "curation_status": summary.curation_status,
        "abstract": content.abstract or clipped(summary.text, 1_000),
        "facts": [] if sections else [clipped(fact, _FACT) for fact in content.facts],
    }
    index = {section.title: len(section.items) for section in content.sections}
    used = _size([head, index]) + _size(head["label"]) + _AROUND
    texts, omitted = _fitting(chosen, size - used)
    row = head | {"sections": texts, "all_sections": index}
    lines = [_as_text(content, row)]
    rest = f"The whole record: resource {resource_uri(record)}"
    if omitted:
        rest = f"Left out of {', '.join(omitted)}. {rest}"
    asked = "" if chosen or not index else f"Call get with id={_short(record)!r} and sections for their texts."
    return Rows([row], lines, 1, note=asked, size=size, rest=rest, cut=bool(omitted))


def _read(served: ServedGraph, id: str, kind: str | None) -> tuple[Record, Page]:
    record = served.graph.record(id, kind)
    return record, page(record, served.graph.inbound(record))


def _short(record: Record) -> str:
    if record.code and record.kind != "provision":
        return record.code
    kind, _, slug = record.iri.removeprefix(BASE).partition("/")
    return f"{kind}/{slug}" if record.iri.startswith(BASE) else record.iri


def resource_uri(record: Record) -> str:
    """The URI of the resource with the text of a record."""
    path = record.iri.removeprefix(BASE) if record.iri.startswith(BASE) else f"{record.kind}/{record.iri}"
    return f"threatgraph://record/{path}"


def _chosen(content: Page, names: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    """The sections with these names, in the order of the page; all of them without names.

    Raises:
        UnknownName: for a section that the record does not have.
    """
    known = {section.title.lower(): section for section in content.sections}
    for name in names:
        if name.strip().lower() not in known:
            titles = [section.title for section in content.sections]
            raise UnknownName("section", name, titles, f"The record has {', '.join(titles) or 'no sections'}.")
    wanted = {name.strip().lower() for name in names} or known.keys()
    return [(section.title, section.items) for key, section in known.items() if key in wanted]


def _fitting(sections: Sequence[tuple[str, Sequence[str]]], room: int) -> tuple[dict[str, list[str]], list[str]]:
    """The items that fit, by section, and the names of the sections that have more.

    Each section gets an equal part of the room that is left, so that a long one does not displace the others.
    """
    texts: dict[str, list[str]] = {}
    left = dict(sections)
    for title, items in sorted(sections, key=lambda section: _size(section[1])):
        part = room // len(left) - _size(title) - 12
        texts[title] = _first(items, part)
        room -= _size(title) + 12 + sum(_size(item) + 4 for item in texts[title])
        del left[title]
    omitted = [title for title, items in sections if len(texts[title]) < len(items) or texts[title] != [*items]]
    return {title: texts[title] for title, _ in sections}, omitted


def _first(items: Sequence[str], room: int) -> list[str]:
    found: list[str] = []
    for item in items:
        if (size := _size(item) + 4) > room:
            if not found and room > _DEFINITION:  # the beginning of a long text is better than nothing
                found.append(clipped(item, room // 2))
            break
        found.append(item)
        room -= size
    return found


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False))


def _as_text(content: Page, row: dict[str, Any]) -> str:
    lines = [f"# {content.title}", _origin(row)]
    lines += [row["abstract"], *(f"- {fact}" for fact in row["facts"])]
    for title, items in row["sections"].items():
        lines += [f"## {title} ({row['all_sections'][title]})", *(f"- {item}" for item in items)]
    if not row["sections"]:
        lines.append("Sections: " + ", ".join(f"{title} ({count})" for title, count in row["all_sections"].items()))
    return "\n".join(filter(None, lines))


def schema(served: ServedGraph, *, about: str | None = None) -> Rows:
    """Explain the ontology, or one of its classes and properties."""
    if about is not None:
        return _term(served, about)
    counts = {row["class"]: row for row in served.graph.schema().tables["Classes"].to_dicts()}
    rows = [
        {"class": str(row["class"]), "kind": str(row["kind"]), "records": int(str(row["records"]))}
        for row in counts.values()
        if row["kind"] or str(row["records"]) != "0"
    ]
    rows.sort(key=lambda row: -int(str(row["records"])))
    with_kind = [row for row in rows if row["kind"]]
    lines = [", ".join(f"{row['class']} {row['kind']}: {row['records']}" for row in with_kind)]
    lines[0] += ". Parts: " + ", ".join(f"{row['class']} {row['records']}" for row in rows if not row["kind"])
    row = {"classes": rows, "prefixes": _prefixes(), "how_to": _HOW_TO}
    head = f"Classes, the kind in IRIs ({BASE}KIND/SLUG) and the number of records:"
    foot = f"Prefixes (need no declaration): {_prefixes()}\n{_HOW_TO}"
    return Rows([row], [f"{lines[0]}\n{foot}"], 1, head=head, size=_LARGEST_SCHEMA)


_HOW_TO = (
    "Names: skos:prefLabel, code skos:notation, text skos:definition (patterns, provisions) or dcterms:description "
    "(incidents). Patterns: tg:domain, tg:severity, tg:causalFactor, tg:affects, tg:mappedTo (provision). Incidents: "
    "tg:involvesPattern, tg:occurred, tg:sector, tg:harmType, tg:developer, tg:deployer. Provisions: skos:inScheme "
    "(framework), skos:broader. A mapping with its meaning is a part: ?pattern tg:mapping ?m . ?m tg:mappingRelation "
    "?relation ; tg:rationale ?why. Example: SELECT ?code ?label { ?p a tg:ThreatPattern ; tg:severity "
    "severity:critical ; skos:notation ?code ; skos:prefLabel ?label } ORDER BY ?code. For one class or property, call "
    "schema with about, such as tg:Incident."
)


def _prefixes() -> str:
    """The prefixes in one line; those of kinds follow one rule."""
    others = [name for name in PREFIXES if name not in KINDS and name not in EDITIONS]
    return (
        f"{' '.join(f'{name}:' for name in others)}; kinds, such as pattern: and severity:; provisions of "
        + " ".join(f"{name}:" for name in EDITIONS)
    )


def _term(served: ServedGraph, about: str) -> Rows:
    found = served.graph.schema(about)
    row = {"name": found.name, "iri": found.iri, "comment": found.comment, **dict(found.facts)}
    tables = {title: table.texts() for title, table in found.tables.items()}
    shortest = 0
    for most in (100, 60, 30, shortest):  # descriptions get shorter until the reply fits
        shown = {title: [_cells(cells, most) for cells in rows] for title, rows in tables.items()}
        text = "\n".join([f"{found.name}: {found.comment}", *(f"{k}: {v}" for k, v in found.facts.items() if v)])
        for title, lines in shown.items():
            text += f"\n{title}:\n" + "\n".join(lines)
        result = row | {title.lower().replace(" ", "_"): lines for title, lines in shown.items()}
        if max(len(text), _size(result)) <= _LARGEST_SCHEMA - _AROUND:
            break
    return Rows(
        [result], [text], 1, size=_LARGEST_SCHEMA, cut=most == shortest, rest="More: resource threatgraph://schema"
    )


def _cells(cells: Sequence[str], most: int) -> str:
    """A row of a table as one line; its last cell is a description."""
    *first, last = cells
    return " ".join(filter(None, (*first, clipped(last, most) if most or len(cells) <= 2 else "")))


def read_record(served: ServedGraph, *, kind: str, slug: str) -> str:
    """The text of a record as Markdown."""
    name = f"{BASE}provision/{slug}" if kind == "provision" and "/" in slug else slug
    return _read(served, name, kind)[1].to_markdown()


def read_schema(served: ServedGraph) -> str:
    """The classes and prefixes of the ontology as text."""
    return served.graph.schema().render()


def read_context(served: ServedGraph) -> str:
    """The JSON-LD context."""
    from threatgraph.export.jsonld import jsonld_context

    return json.dumps(jsonld_context(), ensure_ascii=False, indent=1)


def complete(served: ServedGraph, *, kind: str, prefix: str) -> list[str]:
    """The slugs of a kind that begin with a prefix."""
    if kind != "provision":
        return _first_names(served.graph.complete(prefix, kind))
    named = {f"{edition}/": f"{name}:" for name, edition in EDITIONS.items()}
    for edition, name in named.items():
        if prefix.startswith(edition):
            found = served.graph.complete(prefix.replace(edition, name, 1), kind)
            return _first_names(text.replace(name, edition, 1) for text in found)
    return _first_names(edition for edition in named if edition.startswith(prefix))


def _first_names(names: Iterable[str]) -> list[str]:
    return sorted(names)[:_MOST_COMPLETIONS]
