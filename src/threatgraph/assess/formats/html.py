"""The assessment as HTML: one file without scripts and without requests to other servers, for screen and print."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from threatgraph import notebook
from threatgraph.assess.formats.blocks import (
    Block,
    Fields,
    Grid,
    Heading,
    Inline,
    Inlines,
    Items,
    Link,
    Named,
    Paragraph,
)
from threatgraph.assess.formats.document import document
from threatgraph.assess.formats.style import STYLE
from threatgraph.assess.formats.wording import DISCLAIMER, provision_name, threat_name, with_status
from threatgraph.assess.model import AssessmentData
from threatgraph.assess.register import Register
from threatgraph.display import printable

#: No source of scripts, styles or images outside the page; the style sheet is inside it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
#: Tables with more columns scroll sideways on a screen, and are set small in print.
_WIDE = 7
#: A cell without content, which a card leaves out.
_BLANK = ' class="blank"'


def to_html(data: AssessmentData, register: Register) -> str:
    """Write the assessment as a page.

    Args:
        data: the assessment.
        register: its register.
    """
    return page(data.title, document(data, register))


def page(title: str, blocks: Sequence[Block]) -> str:
    """Write the parts of a document as a page, with links to the headings of level 2 below the first two parts.

    Args:
        title: the title of the page.
        blocks: the parts; at least a heading and a note.
    """
    contents = "".join(
        f'<li><a href="#{_escape(block.name)}">{_escape(block.text)}</a></li>'
        for block in blocks
        if isinstance(block, Heading) and block.level == 2 and block.name
    )
    first, note, *others = ("".join(_block(block)) for block in blocks)
    nav = f'<nav aria-label="Contents"><ul>{contents}</ul></nav>\n'
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{_escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{first}{note}{nav}{''.join(others)}</main>\n</body>\n</html>\n"
    )


def fragment(data: AssessmentData) -> str:
    """A summary for a notebook: the provisions, the threats and the questions.

    Args:
        data: the assessment.
    """
    escape = notebook.escape
    provisions = [
        (escape(p.status), notebook.link(p.iri, f"{p.framework} {provision_name(p)}"), escape(p.reason))
        for status in ("candidate", "to check")
        for p in with_status(data, status)
    ]
    threats = [
        (str(rank), notebook.link(t.iri, threat_name(t)), escape(t.certainty), escape(t.severity), escape(t.why))
        for rank, t in enumerate(data.threats, 1)
    ]
    questions = notebook.bullets([escape(f"{q.text} ({q.id})") for q in data.questions], numbered=True)
    return (
        f"<h4>{escape(data.title)}</h4><p>Risk tier, to check: <b>{escape(data.tier)}</b>. {escape(DISCLAIMER)}</p>"
        f"{notebook.table(('status', 'provision', 'why'), provisions)}"
        f"{notebook.table(('rank', 'threat', 'certainty', 'severity', 'why'), threats)}"
        + (f"<h5>Questions to settle</h5>{questions}" if data.questions else "")
    )


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        name = f' id="{_escape(block.name)}"' if block.name else ""
        yield f"<h{block.level}{name}>{_escape(block.text)}</h{block.level}>\n"
    elif isinstance(block, Paragraph):
        tag = "blockquote" if block.kind == "quote" else "p"
        kind = ' class="note"' if block.kind == "note" else ""
        yield f"<{tag}{kind}>{_line(block.content)}</{tag}>\n"
    elif isinstance(block, Fields):
        yield "<dl>\n"
        yield from (f"<div><dt>{_escape(name)}</dt><dd>{_line(value)}</dd></div>\n" for name, value in block.items)
        yield "</dl>\n"
    elif isinstance(block, Items):
        tag = "ol" if block.numbered else "ul"
        yield f"<{tag}>\n{''.join(f'<li>{_line(item)}</li>' + chr(10) for item in block.items)}</{tag}>\n"
    else:
        yield from _grid(block.columns, block)


def _grid(columns: Sequence[str], block: Grid) -> Iterator[str]:
    wide = ' class="wide"' if len(columns) > _WIDE else ""
    heads = "".join(f'<th scope="col">{_escape(name)}</th>' for name in columns)
    yield f'<div class="table" tabindex="0"><table{wide}>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n'
    for row in block.rows:
        yield f"<tr>{''.join(_cell(name, _line(cell)) for name, cell in zip(columns, row, strict=True))}</tr>\n"
    yield "</tbody>\n</table></div>\n"


def _cell(name: str, content: str) -> str:
    """A cell. On a narrow screen each row is a card, and each cell shows the name of its column."""
    return f'<td data-label="{_escape(name)}"{"" if content else _BLANK}>{content}</td>'


def _line(content: Inlines) -> str:
    return "".join(map(_inline, content))


def _inline(part: Inline) -> str:
    if isinstance(part, Link):
        if not part.is_safe and not part.url.startswith("#"):
            return _escape(part.text)
        return f'<a href="{_escape(part.url)}" rel="noreferrer">{_escape(part.text)}</a>'
    if isinstance(part, str | Named):
        return _escape(part if isinstance(part, str) else part.text).replace("\n", "<br>")
    return f'<span class="tag {part.kind}-{_escape(part.text.lower().replace(" ", "-"))}">{_escape(part.text)}</span>'


def _escape(text: str) -> str:
    return html.escape(printable(text))
