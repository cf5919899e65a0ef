"""Tells whether a query sorts by values of one type: Oxigraph may abort its process where it compares others."""

from __future__ import annotations

from threatgraph.store.tokens import scan

#: Functions whose results are of one type each, or errors, which come first like what is unbound.
_OF_ONE_TYPE = frozenset(
    "STR LANG LANGMATCHES DATATYPE BOUND STRLEN COUNT XSD:INTEGER XSD:DECIMAL XSD:DOUBLE XSD:BOOLEAN".split()
)
_END = frozenset(("LIMIT", "OFFSET", "VALUES", "HAVING"))


def sorts_by_one_type(sparql: str) -> bool:
    """Whether each variable of each ``ORDER BY`` stands inside a function whose results are of one type.

    Args:
        sparql: the text of a query.
    """
    if "ORDER" not in sparql.upper():
        return True
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
        elif keys and token.kind == "variable" and not _OF_ONE_TYPE.intersection(around):
            return False
        before = text
    return True
