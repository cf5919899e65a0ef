"""The rows that a query gives back: they iterate as RDF terms, turn into dicts and frames, and print well."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from threatgraph.display import printable
from threatgraph.rdf.terms import Term
from threatgraph.vocab import KINDS, PREFIXES, XSD, shorten

if TYPE_CHECKING:
    import pandas
    import rdflib
    from rdflib.term import Identifier

Value = str | int | float | bool | None

_NUMBERS: dict[str, type[int] | type[float]] = {
    XSD + name: int for name in ("integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger")
} | {XSD + name: float for name in ("decimal", "double", "float")}
#: The lengths up to which a word is kept whole, tried one after the other until the line fits.
_WORDS = (16, 13, 10, 8)
_GAP = 2


def to_rdflib(term: Term) -> Identifier:
    """The rdflib term for an Oxigraph term; literals keep their exact lexical form."""
    import rdflib

    if isinstance(term, NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, BlankNode):
        return rdflib.BNode(term.value)
    if isinstance(term, Literal):
        if term.language:
            return rdflib.Literal(term.value, lang=term.language)
        if term.datatype.value == XSD + "string":
            return rdflib.Literal(term.value)
        literal = rdflib.Literal(term.value, datatype=rdflib.URIRef(term.datatype.value), normalize=False)
        return literal if str(literal) == term.value else _spaced(term)
    raise TypeError("rdflib has no term for a quoted triple")


def _spaced(term: Literal) -> Identifier:
    """The literal of a datatype such as ``xsd:token``, which rdflib makes without the spaces that are written."""
    import rdflib

    literal = rdflib.Literal(term.value, datatype=rdflib.URIRef("urn:x"))
    literal._datatype = rdflib.URIRef(term.datatype.value)
    return literal


def to_rdflib_graph(triples: Iterable[Triple]) -> rdflib.Graph:
    """An rdflib graph of triples, with our prefixes bound."""
    import rdflib

    graph = rdflib.Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    term = cache(to_rdflib)  # the same terms come again and again
    for triple in triples:
        graph.add((term(triple.subject), term(triple.predicate), term(triple.object)))
    return graph


def to_value(term: Term | None) -> Value:
    """The plain Python value of a term: numbers and booleans as such, IRIs in full, dates and text as written."""
    if isinstance(term, Literal):
        number = _NUMBERS.get(term.datatype.value)
        try:
            if number:
                value = number(term.value)
                # JSON has no infinity and no NaN
                return term.value if isinstance(value, float) and not math.isfinite(value) else value
        except ValueError:
            return term.value  # an ill-typed literal is shown as it stands
        if term.datatype.value == XSD + "boolean" and term.value in ("true", "false"):
            return term.value == "true"
        return term.value
    return None if term is None else plain_text(term)


def plain_text(term: Term) -> str:
    """The term as bare text: an IRI in full, the text of a literal, a triple as in N-Triples 1.2."""
    return f"<<( {term} )>>" if isinstance(term, Triple) else str(term.value)


def to_text(term: Term | None) -> str:
    """The term as a person reads it: a prefixed name for an IRI, bare text for a literal, nothing for no value."""
    if isinstance(term, NamedNode):
        return shorten(term.value)
    return "" if term is None else plain_text(term)


class Row:
    """One row of a table: values by position, by column name (``row["label"]``) or as an attribute (``row.label``)."""

    __slots__ = ("_columns", "_terms")

    def __init__(self, columns: tuple[str, ...], terms: tuple[Term | None, ...]) -> None:
        self._columns, self._terms = columns, terms

    def __getitem__(self, key: int | str) -> Identifier | None:
        """The rdflib term of a column, or ``None`` where it is unbound."""
        position = self._columns.index(key) if isinstance(key, str) and key in self._columns else key
        if isinstance(position, str):
            raise KeyError(f"no column {key!r}; the columns are {', '.join(self._columns)}")
        term = self._terms[position]
        return None if term is None else to_rdflib(term)

    def __getattr__(self, name: str) -> Identifier | None:
        if name.startswith("_") or name not in self._columns:
            raise AttributeError(f"no column {name!r}")
        return self[name]

    def __iter__(self) -> Iterator[Identifier | None]:
        return (self[position] for position in range(len(self._terms)))

    def __len__(self) -> int:
        return len(self._terms)

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{c}={to_text(t)!r}' for c, t in zip(self._columns, self._terms, strict=True))})"


class Table(Sequence[Row]):
    """The answer to a SELECT query.

    Args:
        columns: the names of the variables, in the order of the query.
        rows: for each row, one Oxigraph term (or ``None``) a column.
    """

    def __init__(self, columns: Sequence[str], rows: Sequence[tuple[Term | None, ...]]) -> None:
        self.columns = tuple(columns)
        self.rows = list(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        """A row, or a table of the rows of a slice."""
        if isinstance(index, slice):
            return Table(self.columns, self.rows[index])
        return Row(self.columns, self.rows[index])

    def __iter__(self) -> Iterator[Row]:
        return (Row(self.columns, row) for row in self.rows)

    def column(self, name: str) -> list[Value]:
        """The plain values of one column.

        Raises:
            ValueError: where there is no such column.
        """
        position = self.columns.index(name)
        return [to_value(row[position]) for row in self.rows]

    def to_dicts(self) -> list[dict[str, Value]]:
        """The rows as dicts of plain Python values (see :func:`to_value`)."""
        return [dict(zip(self.columns, map(to_value, row), strict=True)) for row in self.rows]

    def to_json(self) -> str:
        """The rows as a JSON array of objects."""
        return json.dumps(self.to_dicts(), ensure_ascii=False, indent=2)

    def to_pandas(self) -> pandas.DataFrame:
        """The rows as a pandas frame.

        Raises:
            ImportError: where pandas is not installed; ``pip install threatgraph[pandas]`` brings it.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("pandas is not installed: pip install 'threatgraph[pandas]'") from error
        return pandas.DataFrame(self.to_dicts(), columns=list(self.columns))

    def render(self, width: int | None = None, *, style: str = "simple") -> str:
        """The table as text.

        Args:
            width: wrap cells so that no line is longer than this many characters, as far as columns stay readable.
            style: a table format of the tabulate library, such as ``simple`` or ``github``.
        """
        from tabulate import tabulate

        cells = self.texts()
        limits = _column_widths(self.columns, cells, width) if width and cells else None
        return tabulate(cells, self.columns, tablefmt=style, maxcolwidths=limits, disable_numparse=True)

    def texts(self) -> list[list[str]]:
        """The cells as a person reads them, without what a terminal would obey; for :meth:`render` and the like."""
        return [list(column) for column in zip(*map(_column_text, zip(*self.rows, strict=True)), strict=True)]

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        """The table for a notebook; every value is escaped."""
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(f"<tr>{''.join(map(_html_cell, row))}</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _column_text(terms: Sequence[Term | None]) -> list[str]:
    """The cells of a column for people: names alone where all are records of one kind, which the heading tells."""
    texts = [printable(to_text(term)) for term in terms]
    prefixes = {text.partition(":")[0] for text, term in zip(texts, terms, strict=True) if isinstance(term, NamedNode)}
    if len(prefixes) == 1 and prefixes <= KINDS.keys():
        return [text.partition(":")[2] for text in texts]
    return texts


def _html_cell(term: Term | None) -> str:
    text = html.escape(printable(to_text(term)))
    if isinstance(term, NamedNode) and term.value.startswith(("http://", "https://")):
        return f'<td><a href="{html.escape(term.value)}">{text}</a></td>'
    return f"<td>{text}</td>"


def _column_widths(columns: Sequence[str], cells: list[list[str]], width: int) -> list[int]:
    """Take room from the widest columns until the line fits, and from whole words only where it would not fit else."""
    from wcwidth import wcswidth  # it takes time to import

    def size(text: str) -> int:
        """The columns of a terminal: East Asian signs take two, combining ones none."""
        return len(text) if text.isascii() else max(wcswidth(line) for line in text.split("\n"))

    words = [max(size(word) for row in cells for word in (row[i].split() or [""])) for i in range(len(columns))]
    for longest_word in _WORDS:
        # tabulate pads every heading
        least = [max(len(name) + _GAP, min(word, longest_word)) for name, word in zip(columns, words, strict=True)]
        widths = [max(least[i], *(size(row[i]) for row in cells)) for i in range(len(columns))]
        excess = sum(widths) + _GAP * (len(widths) - 1) - width
        while excess > 0 and widths != least:
            widest = max((i for i in range(len(widths)) if widths[i] > least[i]), key=widths.__getitem__)
            widths[widest] -= 1
            excess -= 1
        if excess <= 0:
            break
    return widths
