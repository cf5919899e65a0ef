"""Tables of query results: rows of RDF terms, with conversions to dicts, pandas, JSON and text."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from threatgraph import notebook
from threatgraph.display import printable
from threatgraph.errors import UnknownName
from threatgraph.layout import fits, lay_out
from threatgraph.rdf.terms import Term
from threatgraph.vocab import KINDS, PREFIXES, XSD, kind_of, shorten

if TYPE_CHECKING:
    import pandas
    import rdflib
    from rdflib.term import Identifier

Value = str | int | float | bool | None

_NUMBERS: dict[str, type[int] | type[float]] = {
    XSD + name: int for name in ("integer", "int", "long", "short", "nonNegativeInteger", "positiveInteger")
} | {XSD + name: float for name in ("decimal", "double", "float")}
#: Decimals of a number in a rendered table; files have all decimals.
_DECIMALS = 3


def to_rdflib(term: Term) -> Identifier:
    """Convert an Oxigraph term to rdflib; literals keep their exact lexical form."""
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
    raise TypeError("rdflib does not support triple terms")


def _spaced(term: Literal) -> Identifier:
    """Make a literal of a datatype such as ``xsd:token``, for which rdflib would normalize white space."""
    import rdflib

    literal = rdflib.Literal(term.value, datatype=rdflib.URIRef("urn:x"))
    literal._datatype = rdflib.URIRef(term.datatype.value)
    return literal


def to_rdflib_graph(triples: Iterable[Triple]) -> rdflib.Graph:
    """Make an rdflib graph of triples, with the prefixes of threatgraph."""
    import rdflib

    graph = rdflib.Graph(bind_namespaces="none")
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    term = cache(to_rdflib)  # terms repeat
    for triple in triples:
        graph.add((term(triple.subject), term(triple.predicate), term(triple.object)))
    return graph


def to_value(term: Term | None) -> Value:
    """Convert a term to a Python value: numbers and Booleans as such, IRIs in full, dates and text as strings."""
    if isinstance(term, Literal):
        number = _NUMBERS.get(term.datatype.value)
        try:
            if number:
                value = number(term.value)
                # JSON has no infinity and NaN
                return term.value if isinstance(value, float) and not math.isfinite(value) else value
        except ValueError:
            return term.value  # the lexical form is not valid for the datatype
        if term.datatype.value == XSD + "boolean" and term.value in ("true", "false"):
            return term.value == "true"
        return term.value
    return None if term is None else plain_text(term)


def plain_text(term: Term) -> str:
    """Convert a term to text: an IRI in full, the text of a literal, a triple as in N-Triples 1.2."""
    return f"<<( {term} )>>" if isinstance(term, Triple) else str(term.value)


def to_text(term: Term | None) -> str:
    """Convert a term to text for display: a prefixed name for an IRI, the text of a literal, ``""`` for ``None``."""
    if isinstance(term, NamedNode):
        return shorten(term.value)
    return "" if term is None else plain_text(term)


def to_frame(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> pandas.DataFrame:
    """Convert rows of plain values to a pandas data frame.

    Args:
        rows: for each row, a mapping from column to value.
        columns: the columns, in order.

    Raises:
        ImportError: if pandas is not installed; ``pip install threatgraph[pandas]`` installs it.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("pandas is not installed: pip install 'threatgraph[pandas]'") from error
    return pandas.DataFrame(list(rows), columns=list(columns))


class Row:
    """One row of a table: values by position, by column name (``row["label"]``) or as an attribute (``row.label``)."""

    __slots__ = ("_columns", "_terms")

    def __init__(self, columns: tuple[str, ...], terms: tuple[Term | None, ...]) -> None:
        self._columns, self._terms = columns, terms

    def __getitem__(self, key: int | str) -> Identifier | None:
        """The rdflib term of a column, or ``None`` if it is unbound."""
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
    """The result of a SELECT query, as a sequence of rows.

    Args:
        columns: the names of the variables, in the order of the query.
        rows: for each row, one Oxigraph term (or ``None``) per column.
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
        """Return the plain values of a column.

        Raises:
            ValueError: if the column does not exist.
        """
        position = self.columns.index(name)
        return [to_value(row[position]) for row in self.rows]

    def to_dicts(self) -> list[dict[str, Value]]:
        """Return the rows as dicts of plain Python values (see :func:`to_value`)."""
        return [dict(zip(self.columns, map(to_value, row), strict=True)) for row in self.rows]

    def to_json(self) -> str:
        """Return the rows as a JSON array of objects, with plain values (see :func:`to_value`)."""
        return json.dumps(self.to_dicts(), ensure_ascii=False, indent=2)

    def to_sparql_json(self) -> str:
        """Return the rows as W3C SPARQL Query Results JSON: each value has its type, datatype and language."""
        from threatgraph.sparql import results

        return results.to_json(self.columns, self.rows)

    def to_sparql_xml(self) -> str:
        """Return the rows as W3C SPARQL Query Results XML.

        Raises:
            ThreatGraphError: for a text with a character that XML 1.0 cannot represent.
        """
        from threatgraph.sparql import results

        return results.to_xml(self.columns, self.rows)

    def select(self, *columns: str) -> Table:
        """Return a table with only these columns, in this order.

        Raises:
            UnknownName: for a column that does not exist.
        """
        for name in columns:
            if name not in self.columns:
                raise UnknownName("column", name, self.columns, f"The columns are {', '.join(self.columns)}.")
        positions = [self.columns.index(name) for name in columns]
        return Table(columns, [tuple(row[i] for i in positions) for row in self.rows])

    def to_pandas(self) -> pandas.DataFrame:
        """Return the rows as a pandas data frame.

        Raises:
            ImportError: if pandas is not installed; ``pip install threatgraph[pandas]`` installs it.
        """
        return to_frame(self.to_dicts(), self.columns)

    def render(self, width: int | None = None) -> str:
        """Return the table as text for a terminal.

        A column of records is shown by their labels if it has a label column. Decimal numbers have at most three
        decimals. A table that does not fit loses the IRI of its records. If that is not enough, lines are broken
        between words, or each row becomes a block of ``field  value`` lines.

        Args:
            width: the maximum width of a line; ``None`` for no limit.
        """
        view = self.labeled()
        columns, cells = view.columns, view.texts()
        if width is not None and view.ends_in_identity and not fits(columns, cells, width):
            view = view.select(*columns[:-1])
            columns, cells = view.columns, [row[:-1] for row in cells]
        right = {i for i in range(len(columns)) if _is_numeric([row[i] for row in view.rows])}
        return lay_out(columns, cells, width, right=right)

    def labeled(self) -> Table:
        """Return a table for display, in which label columns replace the columns of records.

        Provisions keep their identifiers, because people refer to them by number. So do records that share a label.
        """
        hidden = {f"{name}_label": name for name in self.columns if f"{name}_label" in self.columns}
        hidden = {label: name for label, name in hidden.items() if self._is_labeled_by(name, label)}
        if not hidden:
            return self
        kept = [name for name in self.columns if name not in hidden.values()]
        return Table([hidden.get(name, name) for name in kept], self.select(*kept).rows)

    def _is_labeled_by(self, name: str, label: str) -> bool:
        """Whether a label column can replace a column of records without a loss of identity."""
        i, j = self.columns.index(name), self.columns.index(label)
        pairs = {(to_text(row[i]), to_text(row[j])) for row in self.rows if row[i] is not None}
        if len({label for _, label in pairs}) < len(pairs) or not all(label for _, label in pairs):
            return False
        return all(_is_named_by_label(row[i]) for row in self.rows)

    @property
    def ends_in_identity(self) -> bool:
        """Whether the last column holds only the IRI of the record that the column ``label`` names."""
        return "label" in self.columns[:-1] and all(isinstance(row[-1], NamedNode) for row in self.rows)

    def texts(self) -> list[list[str]]:
        """Return the cells as text for display, with control characters escaped."""
        return [list(column) for column in zip(*map(_column_text, zip(*self.rows, strict=True)), strict=True)]

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"<Table of {len(self)} rows: {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        """The table for a notebook: a column of records with a label column is shown as links."""
        labels = {
            i: self.columns.index(f"{c}_label") for i, c in enumerate(self.columns) if f"{c}_label" in self.columns
        }
        shown = [i for i in range(len(self.columns)) if i not in labels.values()]
        texts = self.texts()
        rows = (
            [_html_cell(row[i], text[i], text[labels[i]] if i in labels else "") for i in shown]
            for row, text in zip(self.rows, texts, strict=True)
        )
        return notebook.table([self.columns[i] for i in shown], rows)


def _html_cell(term: Term | None, text: str, label: str) -> str:
    if isinstance(term, NamedNode):
        return notebook.link(term.value, label or text)
    return notebook.escape(label or text)


def _is_named_by_label(term: Term | None) -> bool:
    """Whether the records in a cell are identified by labels; provisions are identified by numbers."""
    if term is None:
        return True
    kinds = [kind_of(iri) for iri in plain_text(term).split("; ")]
    return all(kind is not None and kind.name != "provision" for kind in kinds)


def _column_text(terms: Sequence[Term | None]) -> list[str]:
    """The cells of a column as text for display. Records of a single kind have no prefix."""
    if _is_numeric(terms):
        return _number_texts(terms)
    texts = [printable(to_text(term)) for term in terms]
    prefixes = {text.partition(":")[0] for text, term in zip(texts, terms, strict=True) if isinstance(term, NamedNode)}
    if len(prefixes) == 1 and prefixes <= KINDS.keys():
        return [text.partition(":")[2] for text in texts]
    return texts


def _is_numeric(terms: Sequence[Term | None]) -> bool:
    """Whether a column holds numbers only."""
    values = [to_value(term) for term in terms if term is not None]
    return bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


def _number_texts(terms: Sequence[Term | None]) -> list[str]:
    """The numbers of a column, with as many decimals as the column needs, but at most three."""
    values = [to_value(term) for term in terms]
    rounded = (f"{value:.{_DECIMALS}f}".rstrip("0") for value in values if isinstance(value, float))
    decimals = max((len(text.partition(".")[2]) for text in rounded), default=0)
    texts = []
    for term, value in zip(terms, values, strict=True):
        if not isinstance(value, float):
            texts.append(to_text(term))
        elif value and round(value, _DECIMALS) == 0:
            texts.append(f"{value:.1e}")
        else:
            texts.append(f"{value:.{decimals}f}")
    return texts
