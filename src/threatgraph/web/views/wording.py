"""Words for what the graph states by names of terms."""

from __future__ import annotations


def relation_words(iri: str) -> str:
    """Return the name of a mapping relation as words: ``skos:broadMatch`` becomes *broad match*.

    Args:
        iri: the IRI of the relation.
    """
    name = iri.replace("#", "/").rpartition("/")[2]
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
