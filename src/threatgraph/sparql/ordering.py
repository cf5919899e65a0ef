"""Sorts the rows of an answer by its ``ORDER BY`` clause, for engines that evaluate the keys at each comparison.

Oxigraph does: it reads and copies two texts for each of the ``n log n`` comparisons of each key, which takes longer
than finding the rows where they are many. Here each key is read once for a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.terms import Term

Key = tuple[str, bool]
"""The variable of a key, and whether its order is descending."""
_KEY = r"STR\(\?(\w+)\)|DESC\(STR\(\?(\w+)\)\)"
#: A last clause of texts only. A clause of a sub-select has a brace after it, and a comment begins with "#".
_CLAUSE = re.compile(rf"^[ \t]*ORDER BY((?:\s+(?:{_KEY}))+)\s*\Z", re.MULTILINE)


def split_order(sparql: str) -> tuple[str, list[Key]]:
    """Split the last clause off a query, if it is an ``ORDER BY`` whose keys are texts of variables.

    Args:
        sparql: the text of a query.

    Returns:
        The query without the clause, and the keys; the whole query and no keys for any other query.
    """
    clause = _CLAUSE.search(sparql)
    if clause is None:
        return sparql, []
    keys = [(up or down, bool(down)) for up, down in re.findall(_KEY, clause[1])]
    return sparql[: clause.start()], keys


def sort_rows(rows: list[tuple[Term | None, ...]], columns: Sequence[str], keys: Iterable[Key]) -> None:
    """Sort rows in place; the order is that of SPARQL 1.1, section 15.1.

    Args:
        rows: the rows of an answer.
        columns: their variables, with those of the keys.
        keys: the keys, the first one first.
    """
    for name, descending in reversed(list(keys)):
        rows.sort(key=partial(_text, columns.index(name)), reverse=descending)


def _text(position: int, row: tuple[Term | None, ...]) -> str:
    """The text of a term as a key: a term without a text comes before any other, even before the empty text."""
    term = row[position]
    return f" {term.value}" if isinstance(term, (NamedNode, Literal)) else ""
