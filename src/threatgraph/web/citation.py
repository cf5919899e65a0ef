"""How to cite a record: in words, and for BibTeX."""

from __future__ import annotations

import re
from typing import NamedTuple

from threatgraph.version import VERSION


class Citation(NamedTuple):
    """A citation in two forms."""

    text: str
    bibtex: str


def cite(name: str, iri: str) -> Citation:
    """Return the citation of a record in this version of the graph.

    Args:
        name: the name of the record, with its code if it has one.
        iri: its IRI.
    """
    key = re.sub(r"[^a-z0-9]+", "-", iri.rpartition("/")[2].lower()).strip("-")
    text = f"threatgraph, version {VERSION}: “{name}”. {iri}. CC BY 4.0."
    bibtex = "\n".join(
        (
            f"@misc{{threatgraph-{key},",
            "  author = {{threatgraph}},",
            f"  title = {{{_bibtex(name)}}},",
            f"  note = {{threatgraph, version {VERSION}, CC BY 4.0}},",
            f"  url = {{{iri}}}",
            "}",
        )
    )
    return Citation(text, bibtex)


def _bibtex(text: str) -> str:
    """A text with the characters escaped that have a meaning in BibTeX or LaTeX."""
    named = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(named.get(letter, "\\" + letter if letter in "{}$&#_%" else letter) for letter in text)
