"""Tells whether a query sorts by values of one type: Oxigraph may abort its process where it compares others."""

from __future__ import annotations

from threatgraph.sparql.tokens import scan

#: Functions whose results are of one type each, or errors, which come first like what is unbound.
_OF_ONE_TYPE = frozenset(
    "STR LANG LANGMATCHES DATATYPE BOUND STRLEN COUNT XSD:INTEGER XSD:DECIMAL XSD:DOUBLE XSD:BOOLEAN".split()
)
#: Those of them, and sums, whose result a variable can hold.
_VALUES = frozenset(("COUNT", "SUM", "STR", "XSD:INTEGER", "XSD:DECIMAL", "XSD:DOUBLE", "XSD:BOOLEAN"))
_END = frozenset(("LIMIT", "OFFSET", "VALUES", "HAVING"))


def sorts_by_one_type(sparql: str) -> bool:
    """Whether each variable of each ``ORDER BY`` is in a function of results of one type, or holds such a result.

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
    """The variables that a query gives a number or truth value, as in ``(COUNT(?x) AS ?n)``, in upper case."""
    found: set[str] = set()
    functions: list[str] = []  # for each open bracket the word that follows it
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
