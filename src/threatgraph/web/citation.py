"""How to cite the project or a record: in words, and for BibTeX."""

from __future__ import annotations

import re
from typing import NamedTuple

from threatgraph.version import DATA_VERSION
from threatgraph.vocab import BASE

# As in CITATION.cff, which an installed package does not have.
TITLE = "threatgraph: a knowledge graph of AI threats"
AUTHORS = ("threatgraph maintainers",)
LICENSES = ("Apache-2.0", "CC-BY-4.0")


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
    text = f"threatgraph, version {DATA_VERSION}: “{name}”. {iri}. CC BY 4.0."
    bibtex = "\n".join(
        (
            f"@misc{{threatgraph-{key},",
            "  author = {{threatgraph}},",
            f"  title = {{{_bibtex(name)}}},",
            f"  note = {{threatgraph, version {DATA_VERSION}, CC BY 4.0}},",
            f"  url = {{{iri}}}",
            "}",
        )
    )
    return Citation(text, bibtex)


def cite_project() -> Citation:
    """Return the citation of this version of the project."""
    licenses = " and ".join(LICENSES)
    text = f"{', '.join(AUTHORS)}. {TITLE}. Version {DATA_VERSION}. {BASE}. {licenses}."
    bibtex = "\n".join(
        (
            "@software{threatgraph,",
            f"  author = {{{' and '.join(f'{{{author}}}' for author in AUTHORS)}}},",
            f"  title = {{{_bibtex(TITLE)}}},",
            f"  version = {{{DATA_VERSION}}},",
            f"  note = {{{licenses}}},",
            f"  url = {{{BASE}}}",
            "}",
        )
    )
    return Citation(text, bibtex)


def _bibtex(text: str) -> str:
    """A text with the characters escaped that have a meaning in BibTeX or LaTeX."""
    named = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(named.get(letter, "\\" + letter if letter in "{}$&#_%" else letter) for letter in text)
