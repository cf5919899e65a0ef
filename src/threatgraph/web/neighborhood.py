"""A drawing of the records around a record: SVG with links, and the same as rows for a table.

The record is in the middle. Its neighbors are to both sides in lists by relation, so that labels do not overlap and
each can be read and followed. Links to the record are dashed. A drawing can also have neighbors of neighbors, which are
indented below them. The shape of a node shows its kind, and a legend names the shapes. Colors are those of classes in
the style sheet.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from markupsafe import Markup, escape

from threatgraph.display import printable
from threatgraph.records import Link, Record
from threatgraph.web.links import Links
from threatgraph.web.neighbors import Neighbor, neighbors

MOST = 20
"""Neighbors in a drawing."""
_WIDTH, _ROW, _HEAD, _GAP = 760, 21, 24, 9
"""The width of the drawing, and the heights of a node, of a heading and of the space above a heading."""
_LEFT, _RIGHT = 252, 508
"""Where the nodes of both sides are."""
_BOX_WIDTH, _LINE = 160, 17
_INDENT = 17
"""How far the neighbors of a neighbor are from it."""
_LABEL_WIDTH, _LINE_WIDTH = 234, 144
"""The space for a label beside a node, and for a line in the middle."""
_SIZE, _BOX_SIZE, _BOLD = 13, 14, 1.1
"""The sizes of both texts, and how much wider bold letters are."""
_MOST_LINES = 4
_NARROW, _BROAD = frozenset(" !'(),-./:;I[]fijlrt|"), frozenset("@MWmw%&")
#: The class of the color of each kind, and its shape around a point: a path, or a circle; other kinds have a ring.
_SHAPES: Mapping[str, tuple[str, str]] = {
    "pattern": ("a", ""),
    "incident": ("b", "m0-6 6 6-6 6-6-6z"),
    "provision": ("c", "m-5-5h10v10h-10z"),
    "framework": ("c", "m-5-5h10v10h-10z"),
    "causal-factor": ("d", "m0-6 6 11h-12z"),
    "group": ("e", "m0 6 6-11h-12z"),
    "actor": ("e", "m0 6 6-11h-12z"),
    "domain": ("f", "m-6 0 3-5h6l3 5-3 5h-6z"),
}
_OTHER = ("g", "")
_WORDS = {
    "a": "pattern",
    "b": "incident",
    "c": "framework or provision",
    "d": "cause",
    "e": "group or actor",
    "f": "domain",
    "g": "other",
}


Below = Callable[[Sequence[Neighbor]], Mapping[str, Sequence[Neighbor]]]


class Drawing(NamedTuple):
    """A neighborhood as a drawing and as rows."""

    svg: Markup
    rows: tuple[Neighbor, ...]
    """All neighbors, of which the drawing has the first ones of each relation."""
    shown: int
    """The number of nodes in the drawing, without the record itself."""

    @property
    def hidden(self) -> int:
        """The number of neighbors that the drawing leaves out."""
        return len(self.rows) - self.shown


class _Group(NamedTuple):
    """The nodes of one relation."""

    relation: str
    nodes: Sequence[Neighbor]
    total: int
    below: Mapping[str, Sequence[Neighbor]]
    """Neighbors of the nodes, by the IRI of the node."""

    @property
    def height(self) -> int:
        return _GAP + _HEAD + _ROW * len(self.lines)

    @property
    def lines(self) -> list[tuple[Neighbor, bool]]:
        """The nodes in their order, each with whether it is below another one."""
        found: list[tuple[Neighbor, bool]] = []
        for node in self.nodes:
            found += [(node, False), *((one, True) for one in self.below.get(node.link.iri, ()))]
        return found

    @property
    def heading(self) -> str:
        return (
            self.relation if self.total == len(self.nodes) else f"{self.relation} ({len(self.nodes)} of {self.total})"
        )


def draw(
    record: Record,
    inbound: Mapping[str, Sequence[Link]],
    links: Links,
    *,
    most: int = MOST,
    below: Below | None = None,
    to: Callable[[str], str | None] | None = None,
) -> Drawing | None:
    """Draw the neighbors of a record.

    Args:
        record: the record.
        inbound: the records that link to it, by property.
        links: where documents are.
        most: the maximum number of nodes around the record; each relation has a share of them.
        below: returns neighbors of the nodes that are drawn, by the IRI of the node; by default there are none.
        to: returns the URL that the node of a record links to; by default its page.

    Returns:
        The drawing; ``None`` if the record has no neighbors.
    """
    found = neighbors(record, inbound)
    if not found:
        return None
    groups = _grouped(found, most)
    if below is not None:
        further = dict(below([one for group in groups for one in group.nodes]))
        for place, group in enumerate(groups):  # a node with several relations has them once
            own = {one.link.iri: further.pop(one.link.iri, ()) for one in group.nodes}
            groups[place] = group._replace(below=own)
    name = record.label or record.code or record.iri
    return Drawing(_svg(name, groups, to or links.to), tuple(found), sum(len(group.nodes) for group in groups))


def _grouped(found: Sequence[Neighbor], most: int) -> list[_Group]:
    """The nodes that are drawn: one of each relation in turn, until there are enough."""
    waiting: dict[str, list[Neighbor]] = {}
    for one in found:
        waiting.setdefault(one.relation, []).append(one)
    share = dict.fromkeys(waiting, 0)
    left = most
    while left > 0 and (open_ones := [name for name in waiting if share[name] < len(waiting[name])]):
        for name in open_ones[:left]:
            share[name] += 1
        left -= len(open_ones)
    return [_Group(name, nodes[: share[name]], len(nodes), {}) for name, nodes in waiting.items() if share[name]]


def _sides(groups: Iterable[_Group]) -> tuple[list[_Group], list[_Group]]:
    """The groups to the left and to the right, with about the same height; each keeps their order."""
    left: list[_Group] = []
    right: list[_Group] = []
    tallest = sorted(groups, key=lambda group: -group.height)
    for group in tallest:
        shorter = min((right, left), key=lambda side: sum(one.height for one in side))
        shorter.append(group)
    order = {group.relation: place for place, group in enumerate(groups)}
    for side in (left, right):
        side.sort(key=lambda group: order[group.relation])
    return left, right


def _svg(name: str, groups: Sequence[_Group], to: Callable[[str], str | None]) -> Markup:
    sides = _sides(groups)
    heights = [sum(group.height for group in side) for side in sides]
    lines = _wrapped(name)
    box = len(lines) * _LINE + 20
    tall = max(*heights, box + 2 * _GAP)
    parts: list[str] = []
    for side, height, x in zip(sides, heights, (_LEFT, _RIGHT), strict=True):
        parts += _side(side, x, (tall - height) // 2, tall // 2, to)
    parts.append(_box(lines, tall // 2, box))
    shown = [one for group in groups for one, _ in group.lines]
    parts.append(_legend([one.kind for one in shown], any(one.is_inbound for one in shown), tall + 26))
    title = escape(_plain(f"Records linked with {name}"))
    return Markup(  # noqa: S704 - every text is escaped
        f'<svg class="near" viewBox="0 0 {_WIDTH} {tall + 40}" role="group" aria-label="{title}">{"".join(parts)}</svg>'
    )


def _side(groups: Sequence[_Group], x: int, y: int, middle: int, to: Callable[[str], str | None]) -> list[str]:
    """The edges, headings and nodes of one side."""
    is_left = x < _WIDTH // 2
    start, end = (_WIDTH // 2 - _BOX_WIDTH // 2, x + 9) if is_left else (_WIDTH // 2 + _BOX_WIDTH // 2, x - 9)
    bend = (start + end) // 2
    turn = -1 if is_left else 1
    edges: dict[bool, list[str]] = {}
    parts = []
    for group in groups:
        parts.append(f'<text class="h" x="{x - 8 * turn}" y="{y + _GAP + 14}">{_heading(group)}</text>')
        y += _GAP + _HEAD
        from_below = False
        for one, is_below in group.lines:
            at = y + _ROW // 2
            edge = f"M{start} {middle}C{bend} {middle} {bend} {at} {end} {at}"
            if is_below:
                edge = f"M{x} {at - _ROW + (0 if from_below else 8)}V{at}H{x + turn * (_INDENT - 7)}"
            from_below = is_below
            edges.setdefault(one.is_inbound, []).append(edge)
            parts.append(_node(one, x + turn * _INDENT * is_below, at, turn, to))
            y += _ROW
    lines = [f'<path class="{"in" if inbound else "out"}" d="{"".join(paths)}"/>' for inbound, paths in edges.items()]
    return [*lines, f'<g class="{"l" if is_left else "r"}">', *parts, "</g>"]


def _node(one: Neighbor, x: int, y: int, turn: int, to: Callable[[str], str | None]) -> str:
    """A node with its label to the left or to the right, as ``turn`` is -1 or 1."""
    is_coded = one.kind == "provision" and one.link.code
    full = _plain(f"{one.link.label} ({one.link.code})" if is_coded else one.link.label)
    inset = abs(x - (_LEFT if turn < 0 else _RIGHT))
    text = shortened(full, _LABEL_WIDTH - inset, _SIZE)
    title = f"<title>{escape(full)}</title>" if text != full else ""
    content = f'{title}{_mark(one.kind, x, y)}<text x="{x + 12 * turn}" y="{y + 4}">{escape(text)}</text>'
    url = to(one.link.iri)
    return f'<a href="{escape(url)}">{content}</a>' if url else content


def _mark(kind: str, x: int, y: int) -> str:
    shade, shape = _SHAPES.get(kind, _OTHER)
    if shape:
        return f'<path class="{shade}" d="M{x} {y}{shape}"/>'
    return f'<circle class="{shade}" cx="{x}" cy="{y}" r="{5 if shade != "g" else 4}"/>'


def _box(lines: Sequence[str], middle: int, height: int) -> str:
    """The record in the middle."""
    left, top = (_WIDTH - _BOX_WIDTH) // 2, middle - height // 2
    first = middle - (len(lines) - 1) * _LINE // 2 + 5
    texts = [f'<text x="{_WIDTH // 2}" y="{first + i * _LINE}">{escape(line)}</text>' for i, line in enumerate(lines)]
    rect = f'<rect x="{left}" y="{top}" width="{_BOX_WIDTH}" height="{height}" rx="8"/>'
    return f'<g class="m">{rect}{"".join(texts)}</g>'


def _legend(kinds: Iterable[str], has_inbound: bool, y: int) -> str:
    """The shapes with their meaning."""
    used = {_SHAPES.get(kind, _OTHER)[0]: kind for kind in kinds}
    x, parts = 8, []
    for shade in sorted(used):
        words = _WORDS[shade]
        parts.append(f'{_mark(used[shade], x, y)}<text x="{x + 11}" y="{y + 4}">{words}</text>')
        x += 26 + round(width(words, 12))
    if has_inbound:
        parts.append(f'<path class="in" d="M{x} {y}h26"/><text x="{x + 32}" y="{y + 4}">links here</text>')
    return f'<g class="k">{"".join(parts)}</g>'


def _heading(group: _Group) -> Markup:
    return escape(shortened(_plain(group.heading), _LABEL_WIDTH, 12 * _BOLD))


def _plain(text: str) -> str:
    return printable(" ".join(text.split()), line_ends=False)


def shortened(text: str, space: float, size: float) -> str:
    """Return a text that fits into a space, with an ellipsis if it is cut.

    Args:
        text: the text, on one line.
        space: the space, in the unit of the size.
        size: the size of the letters.
    """
    if width(text, size) <= space:
        return text
    fits = accumulate(map(_share, text), initial=_share("…"))  # of the first 0, 1, 2 … letters with an ellipsis
    return text[: sum(share * size <= space for share in fits) - 1].rstrip() + "…"


def width(text: str, size: float) -> float:
    """Estimate the width of a text, which is drawn in the font of the reader's system.

    Args:
        text: the text, on one line.
        size: the size of the letters.
    """
    return size * sum(map(_share, text))


@cache
def _share(letter: str) -> float:
    """The width of a letter as a share of its size, in a wide font."""
    if letter in _NARROW:
        return 0.37
    if letter in _BROAD:
        return 0.9
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    return 0.7 if letter.isupper() else 0.6


def _wrapped(text: str) -> list[str]:
    """The lines of the record's name."""
    lines = [""]
    for word in _plain(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width(longer, _BOX_SIZE * _BOLD) > _LINE_WIDTH:
            lines.append(word)
        else:
            lines[-1] = longer
    shown = lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        shown[-1] += " …"
    return [shortened(line, _LINE_WIDTH, _BOX_SIZE * _BOLD) for line in shown]
