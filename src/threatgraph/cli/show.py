"""``threatgraph show``: show one record with its links."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from threatgraph.arrangement import Entry, Section, arrange
from threatgraph.cli.options import TRIPLES, Options, add_format
from threatgraph.cli.output import in_color, open_graph, width, wrap, write, write_text
from threatgraph.cli.parser import Parser
from threatgraph.display import printable
from threatgraph.errors import InvalidQuery
from threatgraph.graph import ThreatGraph
from threatgraph.headings import FACTS, NAMED, heading
from threatgraph.records import Link, Record
from threatgraph.vocab import PREFIXES

#: Links from other records to list under one heading.
_MOST_INBOUND = 20


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
    if options.id.startswith(("tg:", PREFIXES["tg"])):
        return _show_term(graph, options)
    if options.format not in ("text", "json"):
        write(graph.export(options.format, node=graph.resolve(options.id, options.kind)), options)
        return 0
    record = graph.record(options.id, options.kind)
    inbound = graph.inbound(record)
    if options.format == "json":
        links = {name: [link.to_dict() for link in found] for name, found in inbound.items()}
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
        raise InvalidQuery(f"a term of the ontology has the formats text and json, not {options.format}.")
    return 0


class _Page:
    """Writes a record as text.

    Args:
        columns: the maximum width of a line; ``None`` for no limit.
        color: whether headings stand out.
    """

    def __init__(self, columns: int | None, *, color: bool) -> None:
        self._columns, self._color = columns, color

    def write(self, record: Record, inbound: Mapping[str, Sequence[Link]]) -> str:
        """The page of a record: what it is, what it is about, which records link to it, and where it comes from."""
        head = self._wrap(" ".join(filter(None, (record.code, record.label))), "")
        lines = [*map(self._bold, head), printable(record.iri), ""]
        if record.text("abstract"):
            lines += [*self._wrap(record.text("abstract"), ""), ""]
        page = arrange(record, inbound)
        lines += self._facts(record, page.facts)
        for section in page.sections:
            lines += self._entries(section)
        for title, links in page.inbound.items():
            body = [line for link in links[:_MOST_INBOUND] for line in self._wrap(f"- {link}", "  ", hang="  ")]
            if len(links) > _MOST_INBOUND:
                body.append(f"  … and {len(links) - _MOST_INBOUND} more")
            lines += self._section(f"{title} ({len(links)})", body)
        for section in page.last:
            lines += self._entries(section)
        lines += self._section("Provenance", list(self._facts(record, page.provenance, "  ")))
        while not lines[-1]:
            lines.pop()
        return "\n".join(lines) + "\n"

    def _section(self, title: str, body: Sequence[str]) -> list[str]:
        return ["", self._bold(printable(title)), *body] if body else []

    def _entries(self, section: Section) -> list[str]:
        return self._section(section.title, [line for entry in section.entries for line in self._values(entry)])

    def _facts(self, record: Record, entries: Iterable[Entry], indent: str = "") -> Iterator[str]:
        for name, _ in entries:
            reason = record.text(FACTS.get(name) or "")
            values = "; ".join(record.texts(name))
            text = f"{heading(name)}: {values}{f' — {reason}' if reason else ''}"
            yield from self._wrap(text, indent, hang="  ")

    def _values(self, entry: Entry) -> Iterator[str]:
        name, values = entry
        if len(values) == 1 and not isinstance(values[0], (Link, Record)) and name not in NAMED:
            yield from self._wrap(str(values[0]), "  ")
            return
        prefix = f"{heading(name)}: " if name in NAMED else ""
        for number, value in enumerate(values, 1):
            mark = f"{number}. " if entry.is_numbered else "- "
            text = value.line() if isinstance(value, Record) else f"{prefix}{value}"
            yield from self._wrap(mark + text, "  ", hang=" " * len(mark))

    def _bold(self, text: str) -> str:
        return f"\033[1m{text}\033[0m" if self._color else text

    def _wrap(self, text: str, indent: str, hang: str = "") -> list[str]:
        return wrap(printable(text), self._columns, indent, hang)
