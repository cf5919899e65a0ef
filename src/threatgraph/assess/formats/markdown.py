"""The assessment as Markdown (GitHub Flavored Markdown). No text of the data can act as markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from threatgraph.assess.formats.blocks import Block, Fields, Grid, Heading, Inline, Inlines, Items, Link, Paragraph
from threatgraph.assess.formats.document import document
from threatgraph.assess.model import AssessmentData
from threatgraph.assess.register import Register
from threatgraph.display import printable

_MARKUP = re.compile(r"[\\`*_\[\]|~#$]")
# What begins a list or a rule at the start of a line. Other such characters are escaped anywhere.
_BLOCK = re.compile(r"^(\s*\d*)([-+=.)])(?=\s|-|=|$)")


def to_markdown(data: AssessmentData, register: Register) -> str:
    """Write the assessment as Markdown.

    Args:
        data: the assessment.
        register: its register.
    """
    return render(document(data, register))


def render(blocks: Iterable[Block]) -> str:
    """Write the parts of a document as Markdown.

    Args:
        blocks: the parts.
    """
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_text(block.text)}"
    if isinstance(block, Paragraph):
        return "\n".join(_paragraph(block))
    if isinstance(block, Fields):
        return "\n".join(f"- **{_text(name)}:** {_line(value)}" for name, value in block.items)
    if isinstance(block, Items):
        marks = (f"{number}." if block.numbered else "-" for number in range(1, len(block.items) + 1))
        return "\n".join(f"{mark} {_line(item)}" for mark, item in zip(marks, block.items, strict=True))
    return "\n".join(_grid(block))


def _paragraph(block: Paragraph) -> Iterator[str]:
    if block.kind == "text":
        yield _line(block.content)
        return
    text = "".join(part if isinstance(part, str) else part.text for part in block.content)
    for line in text.splitlines() or [""]:
        yield f"> {_text(line.strip())}".rstrip()


def _grid(block: Grid) -> Iterator[str]:
    yield f"| {' | '.join(_text(name) for name in block.columns)} |"
    yield f"|{' --- |' * len(block.columns)}"
    for row in block.rows:
        yield f"| {' | '.join(_line(cell, in_table=True) for cell in row)} |"


def _line(content: Inlines, *, in_table: bool = False) -> str:
    """Inline content on one line."""
    return "".join(_inline(part, in_table=in_table) for part in content)


def _inline(part: Inline, *, in_table: bool) -> str:
    if isinstance(part, Link):
        return f"[{_text(part.text)}](<{_url(part.url)}>)" if part.is_safe else _text(part.text)
    text = part if isinstance(part, str) else part.text
    return ("<br>" if in_table else " ").join(_text(line, keep=True) for line in text.split("\n"))


def _text(text: str, *, keep: bool = False) -> str:
    """A text that is shown unchanged; ``keep`` keeps the white space at its ends."""
    text = printable(" ".join(text.split("\n")))
    text = text if keep else text.strip()
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MARKUP.sub(r"\\\g<0>", text)
    return _BLOCK.sub(r"\1\\\2", text)


def _url(url: str) -> str:
    return re.sub(r"[<>\s\\|]", lambda found: f"%{ord(found[0]):02X}", printable(url, line_ends=False))
