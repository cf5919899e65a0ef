"""The parts of a document. Markdown and HTML are written from the same parts, so they show the same content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a web page."""

    text: str
    url: str
    is_file: bool = False
    """Whether the URL is that of a file beside the document, which no data has chosen."""

    @property
    def is_safe(self) -> bool:
        """Whether the link is written as a link, not only its text."""
        return self.is_file or self.url.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a record of the graph, which files show as text and pages of a site as a link."""

    text: str
    iri: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A value of a short list, such as a status or a severity, which HTML shows as a colored label."""

    text: str
    kind: Literal["status", "certainty", "severity"]


Inline = str | Link | Named | Tag
Inlines = Sequence[Inline]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 4; ``name`` is the target of links to it."""

    level: int
    text: str
    name: str = ""
    iri: str = ""
    """The IRI of the record that the heading names."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; a note is set off from the text, and a quotation is the user's own text."""

    content: Inlines
    kind: Literal["text", "note", "quote"] = "text"


@dataclass(frozen=True, slots=True)
class Fields:
    """Names with their values, such as ``Severity: high``."""

    items: Sequence[tuple[str, Inlines]]


@dataclass(frozen=True, slots=True)
class Items:
    """A list; each item is a line of text."""

    items: Sequence[Inlines]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Inlines]]


Block = Heading | Paragraph | Fields | Items | Grid
