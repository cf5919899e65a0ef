"""Answers to SELECT and ASK queries in the W3C result formats, for any SPARQL tool to read.

The formats are SPARQL 1.1 Query Results JSON, XML, CSV and TSV. A triple term (RDF 1.2) is written as the drafts of
SPARQL 1.2 have it; CSV and TSV use N-Triples syntax.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from threatgraph.errors import NotRepresentable
from threatgraph.rdf.terms import Term
from threatgraph.vocab import XSD

Rows = Sequence[tuple[Term | None, ...]]
#: Changes the text of a literal before it is written; for formulas in spreadsheets.
Guard = Callable[[str, Term], str]

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EDGES = re.compile(r"\A\s+|\s+\Z")
#: Numbers that TSV writes without quotes, as Turtle does.
_BARE = {
    XSD + "integer": re.compile(r"[+-]?\d+"),
    XSD + "decimal": re.compile(r"[+-]?\d*\.\d+"),
    XSD + "double": re.compile(r"[+-]?(\d+\.\d*|\.?\d+)[eE][+-]?\d+"),
}


def to_json(columns: Sequence[str], rows: Rows) -> str:
    """The rows as SPARQL Query Results JSON.

    Args:
        columns: the names of the variables.
        rows: for each row, one term or ``None`` for each variable.
    """
    head = json.dumps({"vars": list(columns)}, ensure_ascii=False)
    bindings = (
        {name: _json_term(term) for name, term in zip(columns, row, strict=True) if term is not None} for row in rows
    )
    lines = ",\n".join(json.dumps(binding, ensure_ascii=False) for binding in bindings)  # one line a row
    return f'{{"head": {head},\n"results": {{"bindings": [\n{lines}\n]}}}}'


def _json_term(term: Term) -> dict[str, Any]:
    if isinstance(term, NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, BlankNode):
        return {"type": "bnode", "value": term.value}
    if isinstance(term, Triple):
        parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
        return {"type": "triple", "value": {name: _json_term(part) for name, part in parts.items()}}
    if term.language:
        return {"type": "literal", "value": term.value, "xml:lang": term.language}
    if term.datatype.value == XSD + "string":
        return {"type": "literal", "value": term.value}
    return {"type": "literal", "value": term.value, "datatype": term.datatype.value}


def to_xml(columns: Sequence[str], rows: Rows) -> str:
    """The rows as SPARQL Query Results XML.

    Args:
        columns: the names of the variables.
        rows: for each row, one term or ``None`` for each variable.

    Raises:
        ThreatGraphError: for a text with a character that XML 1.0 cannot represent.
    """
    from xml.sax.saxutils import quoteattr  # takes time: it imports urllib

    variables = "".join(f"\n  <variable name={quoteattr(name)}/>" for name in columns)
    results = "".join(
        "\n  <result>"
        + "".join(
            f"\n   <binding name={quoteattr(name)}>{_xml_term(term)}</binding>"
            for name, term in zip(columns, row, strict=True)
            if term is not None
        )
        + "\n  </result>"
        for row in rows
    )
    return _xml(f" <head>{variables}\n </head>\n <results>{results}\n </results>")


def _xml(content: str) -> str:
    start = '<?xml version="1.0" encoding="UTF-8"?>\n<sparql xmlns="http://www.w3.org/2005/sparql-results#">\n'
    return f"{start}{content}\n</sparql>"


def _xml_term(term: Term) -> str:
    from xml.sax.saxutils import quoteattr  # takes time: it imports urllib

    if isinstance(term, NamedNode):
        return f"<uri>{_xml_text(term.value)}</uri>"
    if isinstance(term, BlankNode):
        return f"<bnode>{_xml_text(term.value)}</bnode>"
    if isinstance(term, Triple):
        parts = {"subject": term.subject, "predicate": term.predicate, "object": term.object}
        return f"<triple>{''.join(f'<{name}>{_xml_term(part)}</{name}>' for name, part in parts.items())}</triple>"
    attribute = ""
    if term.language:
        attribute = f" xml:lang={quoteattr(term.language)}"
    elif term.datatype.value != XSD + "string":
        attribute = f" datatype={quoteattr(term.datatype.value)}"
    return f"<literal{attribute}>{_xml_text(term.value)}</literal>"


def _xml_text(text: str) -> str:
    from xml.sax.saxutils import escape  # takes time: it imports urllib

    if bad := _NOT_XML.search(text):
        raise NotRepresentable(
            f"XML cannot represent the character U+{ord(bad[0]):04X}, which a value contains: use the format json."
        )
    text = escape(text, {"\r": "&#13;"})  # a parser turns a bare carriage return into a line feed
    # Some readers trim white space that is not written as a reference.
    return _EDGES.sub(lambda found: "".join(f"&#{ord(char)};" for char in found[0]), text)


def to_csv(columns: Sequence[str], rows: Rows, guard: Guard | None = None) -> str:
    """The rows as SPARQL Query Results CSV: the text of each term, without its type.

    Args:
        columns: the names of the variables.
        rows: for each row, one term or ``None`` for each variable.
        guard: changes the text of a value before it is written.
    """
    lines = [csv_line(columns, ",")]
    for row in rows:
        cells = ("" if term is None else _csv_text(term) for term in row)
        if guard is not None:
            cells = (text if term is None else guard(text, term) for text, term in zip(cells, row, strict=True))
        lines.append(csv_line(cells, ","))
    return "".join(line + "\r\n" for line in lines)


def _csv_text(term: Term) -> str:
    if isinstance(term, Triple):
        return f"<<( {term} )>>"
    return str(term) if isinstance(term, BlankNode) else term.value


def csv_line(cells: Iterable[str], delimiter: str) -> str:
    """One line of comma- or tab-separated values, without its end.

    Args:
        cells: the values.
        delimiter: ``,`` or a tab.
    """
    text = io.StringIO(newline="")
    # Python quotes only the characters of its own line end, so both have to be in it.
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def to_tsv(columns: Sequence[str], rows: Rows, guard: Guard | None = None) -> str:
    """The rows as SPARQL Query Results TSV: each term in Turtle syntax, so nothing is lost.

    Args:
        columns: the names of the variables.
        rows: for each row, one term or ``None`` for each variable.
        guard: changes the text of a literal before it is written.
    """
    lines = ["\t".join(f"?{name}" for name in columns)]
    lines += ["\t".join("" if term is None else _tsv_text(term, guard) for term in row) for row in rows]
    return "".join(line + "\n" for line in lines)


def _tsv_text(term: Term, guard: Guard | None) -> str:
    if isinstance(term, Triple):
        return f"<<( {term} )>>"
    if not isinstance(term, Literal):
        return str(term)
    bare = _BARE.get(term.datatype.value)
    if bare and bare.fullmatch(term.value):
        return term.value
    text = term.value if guard is None else guard(term.value, term)
    written = Literal(text, language=term.language) if term.language else Literal(text, datatype=term.datatype)
    return str(written).replace("\t", "\\t")


def truth(value: bool, format: str) -> str:
    """The answer to an ASK query.

    Args:
        value: the answer.
        format: ``json`` or ``xml``. Other formats have no form for an answer, so the word alone is written.
    """
    word = "true" if value else "false"
    if format == "json":
        return json.dumps({"head": {}, "boolean": value})
    return _xml(f" <head/>\n <boolean>{word}</boolean>") if format == "xml" else word
