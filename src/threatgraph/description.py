"""A description of the schema or of one of its terms: as text, as JSON, and as HTML for notebooks."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from threatgraph import notebook
from threatgraph.table import Table


@dataclass(frozen=True, slots=True)
class Description:
    """A description of the ontology, or of a class or property.

    Example:
        >>> severity = graph.schema("tg:severity")
        >>> severity.facts["range"]
        'tg:Severity'
        >>> severity.tables["Values"].column("label")[0]
        'Low'
    """

    name: str
    """A prefixed name, or a title."""
    iri: str
    comment: str
    """What the term means."""
    facts: Mapping[str, str]
    """Facts such as ``domain``, ``range`` and ``example``, as text."""
    tables: Mapping[str, Table]
    """Tables by title, such as ``Properties`` and ``Values``."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: name, IRI, comment, facts, and each table as a list of dicts."""
        tables = {title.lower().replace(" ", "_"): table.to_dicts() for title, table in self.tables.items()}
        facts = {name.replace(" ", "_"): value for name, value in self.facts.items()}
        return {"name": self.name, "iri": self.iri, "comment": self.comment, **facts, **tables}

    def to_json(self) -> str:
        """Return :meth:`to_dict` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def render(self, width: int | None = None) -> str:
        """Return the description as text.

        Args:
            width: the maximum length of a line; ``None`` for no limit.
        """
        lines = [self.name, self.iri, ""]
        for text in filter(None, (self.comment,)):
            lines += [*(textwrap.wrap(text, width) if width else [text]), ""]
        for name, value in self.facts.items():
            if value:
                line = f"{name[0].upper()}{name[1:]}: {value}"
                lines += textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False) if width else [line]
        for title, table in self.tables.items():
            lines += ["", title, "", table.render(width)]
        return "\n".join(lines).rstrip() + "\n"

    def __str__(self) -> str:
        return self.render()

    def _repr_html_(self) -> str:
        """The description for a notebook."""
        facts = [(name, notebook.escape(value)) for name, value in self.facts.items() if value]
        parts = [f"<p><b>{notebook.link(self.iri, self.name)}</b></p>", f"<p>{notebook.escape(self.comment)}</p>"]
        if facts:
            parts.append(notebook.table(("", ""), facts))
        for title, table in self.tables.items():
            parts += [f"<p><b>{notebook.escape(title)}</b></p>", table._repr_html_()]
        return "".join(parts)
