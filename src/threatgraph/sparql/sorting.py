"""Checks whether a query sorts by values of one type, since Oxigraph may abort when it compares mixed types."""

from __future__ import annotations

from functools import lru_cache

from threatgraph.sparql.tokens import scan

#: Functions that return values of one type each; errors sort first, as unbound values do.
_OF_ONE_TYPE = frozenset(
    "STR LANG LANGMATCHES DATATYPE BOUND STRLEN COUNT XSD:INTEGER XSD:DECIMAL XSD:DOUBLE XSD:BOOLEAN".split()
)
#: Functions and aggregates whose result can be assigned to a variable.
_VALUES = frozenset(("COUNT", "SUM", "STR", "XSD:INTEGER", "XSD:DECIMAL", "XSD:DOUBLE", "XSD:BOOLEAN"))
_END = frozenset(("LIMIT", "OFFSET", "VALUES", "HAVING"))


@lru_cache(maxsize=256)
def sorts_by_one_type(sparql: str) -> bool:
    """Whether every variable in every ``ORDER BY`` is an argument of a single-type function or holds its result.

    Args:
        sparql: the text of a query.
    """
    if "ORDER" not in sparql.upper():
        return True
    variables = _of_one_type(sparql)
    keys = False
    around: list[str] = []
    before = ""
    for token in scan(sparql):
        text = token.text.upper()
        if token.kind == "word" and text == "ORDER":
            keys, around = True, []
        elif keys and text == "(":
            around.append(before)
        elif keys and text == ")":
            around = around[:-1]
        elif (token.kind == "word" and text in _END) or (text == "}" and not around):
            keys = False
        elif keys and token.kind == "variable" and not (_OF_ONE_TYPE.intersection(around) or text in variables):
            return False
        before = text
    return True


def _of_one_type(sparql: str) -> set[str]:
    """The variables that hold a result of one type, as in ``(COUNT(?x) AS ?n)``, in upper case."""
    found: set[str] = set()
    functions: list[str] = []  # for each open parenthesis, the word after it
    before = ""
    for token in scan(sparql):
        text = token.text.upper()
        if before == "(" and token.kind in ("word", "name"):
            functions[-1] = text
        elif before == "AS" and token.kind == "variable" and functions and functions[-1] in _VALUES:
            found.add(text)
        if text == "(":
            functions.append("")
        elif text == ")":
            functions = functions[:-1]
        before = text
    return found
