"""What the editor of SPARQL queries completes: prefixes, classes and properties, and the named queries as examples.

It comes from the ontology, its shapes and the catalog of queries, so it is the same for every graph.
"""

from __future__ import annotations

import json
from functools import cache

from pyoxigraph import Literal, NamedNode

from threatgraph.catalog import ANY, NamedQuery, Parameter, load_catalog
from threatgraph.schema import list_properties, list_terms
from threatgraph.sparql.binding import bind_values
from threatgraph.vocab import KINDS, PREFIXES, XSD, shorten, tg
from threatgraph.web.static_files import StaticFile, named


@cache
def terms_file() -> StaticFile:
    """Return the terms as a static file of JSON."""
    kinds = {tg(kind.class_name): kind.name for kind in KINDS.values()}
    content = {
        "prefixes": PREFIXES,
        "classes": [
            [shorten(term.iri), term.label, term.comment, kinds.get(term.iri, "")]
            for term in list_terms()
            if term.type == "class"
        ],
        "properties": [
            [shorten(one.iri), one.label, one.comment, {shorten(of): values for of, values in one.classes.items()}]
            for one in list_properties()
        ],
        "queries": [[query.name, query.title, query.question, editable(query)] for query in load_catalog().values()],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return named("sparql-terms.json", f"{text}\n".encode())


def editable(query: NamedQuery) -> str:
    """Return the text of a named query for an editor: defaults are bound, and comments name the other parameters.

    Args:
        query: the query.
    """
    lines, bindings = [f"# {query.question}"], {}
    for parameter in query.parameters:
        if parameter.default not in (None, ANY):
            bindings[parameter.name] = _default(parameter)
            continue
        need = "Required" if parameter.default is None else "Optional"
        value = f"{parameter.type}:…" if parameter.type in KINDS else "…"
        lines.append(f"# {need}: VALUES ?{parameter.name} {{ {value} }} ({parameter.description})")
    text = "\n".join(line for line in query.sparql.splitlines() if not line.startswith("#:"))
    return "\n".join([*lines, bind_values(text, bindings).strip()]) + "\n"


def _default(parameter: Parameter) -> NamedNode | Literal:
    value = str(parameter.default)
    if parameter.type in KINDS:
        return NamedNode(KINDS[parameter.type].namespace + value)
    is_text = parameter.type == "string"
    return Literal(value) if is_text else Literal(value, datatype=NamedNode(XSD + parameter.type))
