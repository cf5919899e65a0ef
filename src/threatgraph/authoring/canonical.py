r"""The canonical form of a Turtle file.

Statements are sorted by the Turtle writer. Two kinds of comment are kept:

- the comments at the head of the file, before the first statement;
- the template that ``threatgraph new`` writes: lines that begin with ``#?``, at the end of the file. They form blocks
  that are separated by empty lines; the last lines of a block are statements, the others explain them::

    #? Expected: severity. The severity of the harm. One of: severity:low, severity:high.
    #? incident:example tg:severity severity:… .

A contributor removes the ``#?`` of a statement and completes it. Formatting then moves the statement into the record
and removes the explanation. A block stays as long as it has a commented statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pyoxigraph import Triple

from threatgraph.errors import InvalidFile
from threatgraph.rdf.files import files_below, read_quads, require_file
from threatgraph.rdf.turtle import BlankNodeRefused, write_turtle
from threatgraph.saving import save

MARK = "#?"
"""The beginning of each line of a template."""
_INTRODUCTION = (
    f"{MARK} Optional and expected statements that this record does not have yet.",
    f'{MARK} To add one, remove the "{MARK} " before it and replace every "…". Delete what you do not need.',
    f"{MARK} `threatgraph format` then moves the statements into the record.",
)

# The terminals of the Turtle grammar (section 6.5) that can contain a "#" that does not begin a comment, then the rest.
_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n\r]*)
    | <[^<>"{}|^`\x00-\x20]*>
    | \"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3} | '{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
    | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*'
    | (?:[^\s\#<"'\\]|\\.)+
    | \S
    """,
    re.VERBOSE | re.DOTALL,
)
_STATEMENT = re.compile(rf"{re.escape(MARK)}.*\s\.$")
_PREFIX = re.compile(r"(?<![\w:/<.-])([A-Za-z][\w-]*)?:(?=[\w…])")

Block = tuple[str, ...]
"""The lines of a template about one property."""


def format_text(path: Path) -> str:
    """Return the canonical form of a Turtle file.

    Raises:
        InvalidFile: if the file is not Turtle, does not parse, has a blank node, or has a comment that is neither at
            the head of the file nor part of a template.
    """
    if path.suffix != ".ttl":
        raise InvalidFile(str(path), "only Turtle files (.ttl) have a canonical form.")
    try:
        triples = [quad.triple for quad in read_quads(path)]
        head, blocks = _comments(path)
        return compose(triples, head, blocks)
    except BlankNodeRefused as error:
        raise InvalidFile(str(path), str(error)) from error


def turtle_files(paths: Iterable[str]) -> list[Path]:
    """The files as they are named, and the Turtle files below folders.

    Raises:
        InvalidFile: if a path does not exist, or a folder has no Turtle file.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir():
            require_file(path)
        below = files_below(path, lambda file: file.suffix == ".ttl") if path.is_dir() else [path]
        if not below:
            raise InvalidFile(str(path), "no Turtle file (.ttl) in this folder.")
        found += below
    return found


def format_file(path: Path, *, check: bool = False) -> bool:
    """Bring a Turtle file into the canonical form.

    Args:
        path: the file.
        check: only report whether the file would change.

    Returns:
        Whether the file was, or would be, changed.

    Raises:
        InvalidFile: as :func:`format_text`.
        ThreatGraphError: if the file cannot be written.
    """
    content = format_text(path).encode()
    if content == path.read_bytes():  # bytes, since other line ends or a byte order mark are a difference too
        return False
    if not check:
        save(content, path)
    return True


def compose(triples: Iterable[Triple], head: Sequence[str] = (), blocks: Sequence[Block] = ()) -> str:
    """Return the text of a file.

    Args:
        triples: the statements.
        head: the comments at the head.
        blocks: the blocks of the template; the introduction is added.

    Raises:
        BlankNodeRefused: if a triple holds a blank node or a quoted triple.
    """
    used = {prefix[1] or "" for block in blocks for line in block for prefix in _PREFIX.finditer(line)}
    body = write_turtle(triples, declare=used if blocks else ())
    parts = ["\n".join(head) + "\n"] if head else []
    parts += [body] if body else []
    parts += ["\n".join(block) + "\n" for block in (_INTRODUCTION, *blocks)] if blocks else []
    return "\n".join(parts)


def _comments(path: Path) -> tuple[list[str], list[Block]]:
    """The comments at the head of a file that parses, and the blocks of its template that have a statement."""
    text = path.read_text(encoding="utf-8-sig")
    head: list[str] = []
    lines: dict[int, str] = {}
    in_head = True
    for token in _TOKEN.finditer(text):
        comment = (token["comment"] or "").rstrip()
        if not comment:
            in_head = False
            continue
        number = text.count("\n", 0, token.start()) + 1
        if comment.startswith(MARK):
            lines[number] = comment
        elif in_head:
            head.append(comment)
        else:
            reason = "this comment would be lost: move it to the head of the file, or into skos:editorialNote."
            raise InvalidFile(str(path), reason, number)
    return head, [block for block in _blocks(lines) if _STATEMENT.match(block[-1])]


def _blocks(lines: dict[int, str]) -> list[Block]:
    """The runs of lines that follow each other."""
    blocks: list[list[str]] = []
    previous = None
    for number, line in lines.items():
        if previous is None or number != previous + 1:
            blocks.append([])
        blocks[-1].append(line)
        previous = number
    return [tuple(block) for block in blocks]
