"""The page of a record in Markdown (CommonMark), for people, agents and other programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from threatgraph.display import printable
from threatgraph.web.view import Block, Fact, Item, Section, Text, View

# Characters that CommonMark takes for markup in a line, and those that begin a block.
_MARKUP = re.compile(r"[\\`*_\[\]<>&|~#$]")
_BLOCK = re.compile(r"^([ \t]*(?=[-+=])|[ \t]*\d+(?=[.)](?:\s|$)))", re.MULTILINE)
_MOST_INBOUND = 50
"""Links from other records under one heading."""


def write_record(page: View) -> str:
    """Write the page of a record."""
    lines = [f"# {escaped(' '.join(filter(None, (page.code, page.title.text))))}", ""]
    if page.is_retired:
        lines += [_retirement(page), ""]
    if page.abstract:
        lines += [escaped(page.abstract.text), ""]
    lines += [f"IRI: <{page.iri}>", "", *map(_fact, page.facts)]
    for section in (*page.sections, *page.inbound, *page.last):
        count = "" if section.total is None else f" ({section.total})"
        lines += ["", f"## {escaped(section.title)}{count}", "", *_section(section)]
    if page.provenance:
        lines += ["", "## Provenance", "", *map(_fact, page.provenance)]
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """Return a text as Markdown that shows it unchanged, in one paragraph."""
    return _BLOCK.sub(r"\1\\", _MARKUP.sub(r"\\\g<0>", printable(text))).replace("\n", "  \n")


def linked(text: Text) -> str:
    """Return a text with its link as Markdown."""
    if text.url is None:
        return escaped(text.text)
    url = text.url.replace("<", "%3C").replace(">", "%3E").replace("\n", "%0A").replace("\\", "%5C")
    return f"[{escaped(text.text)}](<{url}>)"


def _retirement(page: View) -> str:
    instead = "; ".join(map(_line, page.replacements))
    return "**This record is retired.**" + (f" It is replaced by {instead}." if instead else "")


def _fact(fact: Fact) -> str:
    reason = f" — {escaped(fact.reason.text)}" if fact.reason else ""
    return f"- **{escaped(fact.heading)}:** {'; '.join(map(_line, fact.items))}{reason}"


def _section(section: Section) -> Iterator[str]:
    for block in section.blocks:
        yield from _block(block, None if section.total is None else _MOST_INBOUND)


def _block(block: Block, most: int | None) -> Iterable[str]:
    if block.is_text:
        return [_line(block.items[0])]
    items = block.items[:most]
    lines = [f"{f'{number}.' if block.numbered else '-'} {_line(item)}" for number, item in enumerate(items, 1)]
    hidden = len(block.items) - len(items)
    return [*lines, f"- … and {hidden} more"] if hidden else lines


def _line(item: Item) -> str:
    """A value on one line, as :meth:`Record.line` writes it."""
    targets = "; ".join(map(linked, item.targets))
    label = linked(item.label) if item.label else ""
    if item.anchor and label:
        label = f"**{label}**"
    head = f"{label} ({targets})" if label and targets else label or targets
    prefix = f"{escaped(item.prefix)}: " if item.prefix else ""
    details = f" \\[{escaped(', '.join(item.details))}\\]" if item.details else ""
    return prefix + head + details + (f" — {escaped(item.text.text)}" if item.text else "")
