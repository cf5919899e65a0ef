"""Problems in each form: what is wrong, and names that exist (RFC 9457)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from threatgraph.web.document import to_json
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.markdown import escaped, linked
from threatgraph.web.view import Text

TITLES = {300: "Several records", 400: "Bad request", 404: "Not found", 406: "Not acceptable"}


class Near(NamedTuple):
    """A document that was perhaps meant."""

    name: str
    """The code or path that finds it."""
    label: str
    iri: str = ""

    @property
    def text(self) -> str:
        """The label and the name."""
        return f"{self.label} ({self.name})" if self.label and self.label != self.name else self.name


def problem(status: int, detail: str, form: str, links: Links, near: Sequence[Near] = ()) -> tuple[bytes, str]:
    """Return the content and the media type for a problem.

    Args:
        status: the status of HTTP.
        detail: what is wrong.
        form: the form that the client asked for; RDF forms and CSV get plain text.
        links: where documents are.
        near: documents that were perhaps meant.
    """
    title = TITLES[status]
    shown = [Text(one.text, links.to(one.iri) if one.iri else None) for one in near]
    if form == "html":
        trail = (Text("Home", links.page()),)
        near_title = "Candidates" if status == 300 else "Similar names"
        page = render(
            "problem", links=links, title=title, detail=detail, near=shown, near_title=near_title, trail=trail
        )
        return page, "text/html; charset=utf-8"
    if form in ("json", "jsonld"):
        about: dict[str, object] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        if near:
            about["near"] = [
                {"name": one.name, "label": one.label, "iri": one.iri, "url": text.url}
                for one, text in zip(near, shown, strict=True)
            ]
        return to_json(about), "application/problem+json"
    if form == "md":
        lines = [f"# {title}", "", escaped(detail), "", *(f"- {linked(text)}" for text in shown)]
        return ("\n".join(lines).rstrip() + "\n").encode(), "text/markdown; charset=utf-8"
    lines = [f"{title}: {detail}", *(f"- {one.text}{f' <{one.iri}>' if one.iri else ''}" for one in near)]
    return ("\n".join(lines) + "\n").encode(), "text/plain; charset=utf-8"
