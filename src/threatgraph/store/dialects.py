"""Where SPARQL servers differ from SPARQL 1.1 or from one another; the one place that knows of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import EndpointError
from threatgraph.store.endpoint import Answer
from threatgraph.store.tokens import tokens
from threatgraph.table import Table, Term
from threatgraph.vocab import MERGED_GRAPH, XSD

_NAME = re.compile(r"\s*(?:(?P<variable>[?$]\w+)|(?P<constant><[^>]*>|[\w\-.]*:[\w\-.:]*))")
_ADDED = "__graph"
_BOOLEANS = {"0": Literal(False), "1": Literal(True)}


@dataclass(frozen=True)
class Dialect:
    """How one kind of server is spoken to.

    Args:
        name: what people call it.
        merged: the named graph that stands for the default graph; ``None`` where the server has a default graph.
    """

    name: str
    merged: str | None = None

    def query(self, sparql: str) -> str:
        """A query in the words of the server.

        Where the merged graph is a named one, ``GRAPH ?file { … }`` must pass it over, and the graph of
        ``GRAPH <file> { … }`` becomes a variable with one value, since it is no graph of the request's dataset.
        """
        if self.merged is None:
            return sparql
        pieces, done = [], 0
        for word, position in tokens(sparql):
            name = _NAME.match(sparql, position + len(word)) if word == "GRAPH" else None
            if name and name["variable"]:
                pieces += [sparql[done:position], f"FILTER({self._ours(name['variable'])}) "]
                done = position
            elif name:
                variable = f"?{_ADDED}{len(pieces)}"
                pieces += [sparql[done:position], f"FILTER({variable} = {name['constant']}) GRAPH {variable}"]
                done = name.end()
        return "".join([*pieces, sparql[done:]])

    def default_graph(self, sparql: str) -> str | None:
        """The graph to name in the request as the default one; none where the query itself names some."""
        return None if any(word == "FROM" for word, _ in tokens(sparql)) else self.merged

    def _ours(self, variable: str) -> str:
        return f"{variable} != <{self.merged}>"

    def table(self, table: Table, answer: Answer) -> Table:
        """The rows as SPARQL 1.1 has them; ``answer`` is what the server sent.

        Raises:
            EndpointError: where the server has cut the rows off.
        """
        kept = [place for place, name in enumerate(table.columns) if not name.startswith(_ADDED)]
        if len(kept) == len(table.columns):
            return table
        return Table(
            [table.columns[place] for place in kept], [tuple(row[place] for place in kept) for row in table.rows]
        )

    def truth(self, table: Table) -> bool:
        """The answer to ASK of a server that gives a table instead."""
        raise EndpointError("the server answered ASK with a table.")


@dataclass(frozen=True)
class Virtuoso(Dialect):
    """OpenLink Virtuoso 7.

    Its default graph is all graphs at once, with a triple of two graphs twice, so a graph of its own stands for it. It
    has no booleans: computed ones come as ``"1"``, with their type only where a query casts them. ASK gives a table.
    More rows than its limit are cut off, which a header alone tells.
    """

    name: str = "Virtuoso"
    merged: str | None = MERGED_GRAPH

    def _ours(self, variable: str) -> str:
        own = '"http://www.openlinksw.com/"'  # graphs of the server itself
        return f"{super()._ours(variable)} && !STRSTARTS(STR({variable}), {own})"

    def table(self, table: Table, answer: Answer) -> Table:
        """Booleans by their names; an error where rows were cut off."""
        limit = answer.headers.get("x-sparql-maxrows")
        if limit is not None:
            raise EndpointError(
                f"the server gives at most {limit} rows, and there are more: raise ResultSetMaxRows in its settings, "
                "or ask for less with LIMIT."
            )
        return super().table(Table(table.columns, [tuple(map(_boolean, row)) for row in table.rows]), answer)

    def truth(self, table: Table) -> bool:
        """The one value of the table."""
        return any(
            isinstance(value, Literal) and value.value not in ("0", "false") for row in table.rows for value in row
        )


def dialect_of(answer: Answer, merged: str | None) -> Dialect:
    """The dialect of the server that sent an answer.

    Args:
        answer: any answer.
        merged: the graph that the owner wants to be asked in place of the default graph.
    """
    if answer.headers.get("server", "").startswith("Virtuoso"):
        return Virtuoso(merged=merged or MERGED_GRAPH)
    return Dialect("SPARQL 1.1", merged)


def _boolean(term: Term | None) -> Term | None:
    if isinstance(term, Literal) and term.datatype == NamedNode(XSD + "boolean"):
        return _BOOLEANS.get(term.value, term)
    return term
