"""HTML for notebooks. Every text is escaped, and colors are left to the notebook, so dark themes work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from threatgraph.display import printable

#: Notebooks align cells to the right by default.
_STYLE = "<style>.threatgraph td,.threatgraph th{text-align:left!important;vertical-align:top}</style>"
_LONGEST = 100


def escape(text: str) -> str:
    """A text as HTML, with control and invisible characters written as escapes."""
    return _quoted(printable(text)).replace("\n", "<br>")


def link(url: str, text: str) -> str:
    """A link to a web page, or the plain text if the URL is not a web address.

    Args:
        url: the address.
        text: the text to show.
    """
    if not url.startswith(("http://", "https://")):
        return escape(text)
    return f'<a href="{_quoted(printable(url, line_ends=False))}">{escape(text)}</a>'


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of at most 100 rows, with the number of the rows left out below it.

    Args:
        columns: the headings, as text; none for a table without headings.
        rows: the cells, as HTML.
    """
    cells = "".join(f"<th>{escape(name)}</th>" for name in columns)
    head = f"<thead><tr>{cells}</tr></thead>" if cells else ""
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    body = "".join(lines[:_LONGEST])
    more = f"<p>… and {len(lines) - _LONGEST:,} more rows</p>" if len(lines) > _LONGEST else ""
    return f'<div class="threatgraph">{_STYLE}<table>{head}<tbody>{body}</tbody></table>{more}</div>'


def bullets(items: Sequence[str], *, numbered: bool = False) -> str:
    """A list, or the item alone if there is only one and it has no number.

    Args:
        items: the items, as HTML.
        numbered: whether the items have numbers.
    """
    if len(items) == 1 and not numbered:
        return items[0]
    tag = "ol" if numbered else "ul"
    content = "".join(f"<li>{item}</li>" for item in items)
    return f'<{tag} style="margin:0;padding-left:1.5em">{content}</{tag}>'


def _quoted(text: str) -> str:
    import html  # takes time to import, and the command line needs no HTML

    return html.escape(text)
