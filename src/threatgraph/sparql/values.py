"""VALUES clauses: how a query names many terms at once.

>>> from pyoxigraph import NamedNode
>>> values_clause("this", [NamedNode("urn:a"), NamedNode("urn:b")])
'VALUES ?this { <urn:a> <urn:b> }'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

#: The maximum number of terms in one query.
BATCH_SIZE = 500
_Item = TypeVar("_Item")


def values_clause(variable: str, terms: Iterable[object]) -> str:
    """The VALUES clause that binds a variable to each of the terms.

    Args:
        variable: the name of the variable, without its question mark.
        terms: the terms; a blank node would be a variable and is not allowed.
    """
    return f"VALUES ?{variable} {{ {' '.join(map(str, terms))} }}"


def batches(terms: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """Split terms into groups that are small enough for one query."""
    for start in range(0, len(terms), BATCH_SIZE):
        yield terms[start : start + BATCH_SIZE]
