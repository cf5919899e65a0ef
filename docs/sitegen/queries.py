"""The reference of the named queries and of the checks, from the headers of their files."""

from __future__ import annotations

import re

from sitegen.markdown import cell, code, code_block, details, page, table
from threatgraph import ThreatGraph
from threatgraph.catalog import ANY, NamedQuery

QUERIES = """
Run a query with `threatgraph run NAME -p parameter=value` or `graph.run("NAME", parameter="value")`.
A record parameter accepts a code, slug, label, prefixed name or IRI. See [Query the graph](../howto/query.md).
"""
CHECKS = """
`threatgraph validate` runs these checks in addition to the [shapes](shapes.md). Each check is a SPARQL query in
`queries/checks/`; each row of its answer is an issue. See [Validate records](../howto/validate.md).
"""


def named_queries(graph: ThreatGraph) -> str:
    """The page of the named queries."""
    catalog = graph.queries
    contents = table(
        ("query", "question"),
        ((f"[{code(name)}](#query-{name})", cell(query.question)) for name, query in catalog.items()),
    )
    return page("Named queries", QUERIES, contents, *(_query(query) for query in catalog.values()))


def checks(graph: ThreatGraph) -> str:
    """The page of the checks."""
    rows = ((code(check.name), check.severity, cell(check.rule), cell(check.remedy)) for check in graph.checks.values())
    return page("Checks", CHECKS, table(("check", "severity", "rule", "remedy"), rows))


def _query(query: NamedQuery) -> str:
    parameters = table(
        ("parameter", "type", "default", "meaning"),
        (
            (code(p.name), code(p.type), "required" if p.default is None else code(p.default), cell(p.description))
            for p in query.parameters
        ),
    )
    if any(p.default == ANY for p in query.parameters):
        parameters += "\n`any` means no restriction.\n"
    columns = table(("column", "content"), ((code(name), cell(text)) for name, text in query.columns.items()))
    parts = [
        f"(query-{query.name})=\n## {code(query.name)}",
        f"**{query.title}.** {query.question}",
        parameters,
        columns,
        details("SPARQL", code_block("sparql", re.sub(r"(?m)^#:.*\n", "", query.sparql))),
    ]
    return "\n\n".join(part for part in parts if part)
