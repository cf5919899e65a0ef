"""Write Markdown: tables, lists, links and pages that change only when their text does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def cell(text: str) -> str:
    """Text for a table cell: one line, with the characters escaped that a table would take for markup."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def code(text: str) -> str:
    """Text as inline code, also in a table cell."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{' '.join(text.split())}{fence}".replace("|", "\\|")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are Markdown already. Without rows there is no table."""
    body = ["| " + " | ".join(row) + " |" for row in rows]
    if not body:
        return ""
    return "\n".join(["| " + " | ".join(header) + " |", "|" + " --- |" * len(header), *body]) + "\n"


def fence(language: str, text: str) -> str:
    """A block of code."""
    return f"```{language}\n{text.strip()}\n```\n"


def details(summary: str, content: str) -> str:
    """A block that is closed until the reader opens it."""
    return f"<details><summary>{summary}</summary>\n\n{content.strip()}\n\n</details>\n"


def page(title: str, *parts: str) -> str:
    """A page with a title; empty parts are left out."""
    return "\n\n".join([f"# {title}", *(part.strip("\n") for part in parts if part.strip())]) + "\n"


def write(path: Path, text: str) -> Path:
    """Write a page unless it holds this text already, so that Sphinx reads again only what changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path
