"""Programs that run a query: in Python, on the command line, and in R.

``islands/src/sparql/code.ts`` writes the same programs while a query is edited.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_FORM = re.compile(r"<[^<>\s]*>|#[^\n]*|(?<![:\w?$])(SELECT|ASK|CONSTRUCT|DESCRIBE)\b(?!\s*:)", re.IGNORECASE)
_TRIPLES = ("CONSTRUCT", "DESCRIBE")
# Characters that a reader of source code does not see, or that reorder it.
_INVISIBLE = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"


class Code(NamedTuple):
    """A program."""

    name: str
    """``python``, ``shell`` or ``r``."""
    title: str
    text: str


def query_code(query: str, endpoint: str | None) -> list[Code]:
    """Return programs that run a query.

    Args:
        query: the text of the query.
        endpoint: the URL of the SPARQL endpoint; ``None`` for the bundled graph of an installed threatgraph.
    """
    text = re.sub(r"\r\n?", "\n", query)
    form = query_form(text)
    if endpoint is None:
        return [
            Code("python", "Python", _python(text)),
            Code("shell", "Command line", f"threatgraph query {in_shell(text)}\n"),
            Code("r", "R", _r(text, form)),
        ]
    return [
        Code("python", "Python", _python_endpoint(text, form, endpoint)),
        Code("shell", "curl", _curl(text, form, endpoint)),
        Code("r", "R", _r_endpoint(text, form, endpoint)),
    ]


def query_form(query: str) -> str:
    """Return the form of a query: ``SELECT``, ``ASK``, ``CONSTRUCT`` or ``DESCRIBE``."""
    return next((found[1].upper() for found in _FORM.finditer(query) if found[1]), "SELECT")


def in_python(text: str) -> str:
    """Return a text as a string literal of Python, with its lines."""
    # A quotation mark before another one, or at the end, could end the literal.
    return '"""' + _escaped(re.sub(r'"(?="|\Z)', r'\\"', text.replace("\\", "\\\\"))) + '"""'


def _escaped(text: str) -> str:
    return re.sub(_INVISIBLE, lambda found: f"\\u{ord(found[0]):04x}", text)


def in_shell(text: str) -> str:
    """Return a text as a word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def in_r(text: str) -> str:
    """Return a text as a string of R 4: raw, unless it has characters that R requires as escapes."""
    if re.search(_INVISIBLE, text):
        return '"' + _escaped(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'
    dashes = ""
    while f'){dashes}"' in text:
        dashes += "-"
    return f'r"{dashes}({text}){dashes}"'


def _python(text: str) -> str:
    return (
        "from threatgraph import ThreatGraph\n\n"
        f"query = {in_python(text)}\n"
        "graph = ThreatGraph.open()\n"
        "print(graph.query(query))\n"
    )


def _python_endpoint(text: str, form: str, endpoint: str) -> str:
    name = "RDFXML" if form in _TRIPLES else "JSON"
    shown = 'print(answer.serialize(format="turtle"))' if form in _TRIPLES else "print(answer)"
    return (
        f"from SPARQLWrapper import {name}, POST, SPARQLWrapper\n\n"
        f"query = {in_python(text)}\n"
        f'endpoint = SPARQLWrapper("{endpoint}", returnFormat={name})\n'
        "endpoint.setMethod(POST)\n"
        "endpoint.setQuery(query)\n"
        "answer = endpoint.queryAndConvert()\n"
        f"{shown}\n"
    )


def _curl(text: str, form: str, endpoint: str) -> str:
    accept = "text/turtle" if form in _TRIPLES else "application/sparql-results+json" if form == "ASK" else "text/csv"
    return f"curl -H 'Accept: {accept}' --data-urlencode {in_shell(f'query={text}')} '{endpoint}'\n"


def _r(text: str, form: str) -> str:
    name = "turtle" if form in _TRIPLES else "json" if form == "ASK" else "csv"
    run = f'system2("threatgraph", c("query", "--format", "{name}", shQuote(query)), stdout = TRUE)'
    shown = f"answer <- read.csv(text = {run})\nprint(answer)\n" if name == "csv" else f"writeLines({run})\n"
    return f"query <- {in_r(text)}\n{shown}"


def _r_endpoint(text: str, form: str, endpoint: str) -> str:
    name = "turtle" if form in _TRIPLES else "json" if form == "ASK" else "csv"
    shown = "answer <- read.csv(url)\nprint(answer)\n" if name == "csv" else "writeLines(readLines(url))\n"
    return (
        f"query <- {in_r(text)}\n"
        f'url <- paste0("{endpoint}?format={name}&query=", URLencode(query, reserved = TRUE))\n'
        f"{shown}"
    )
