"""Generate what the site shows of the code, the ontology and the graph: `docs/reference/` and `docs/figures/`.

Nothing of it is committed. A page that no generator writes any more is removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sitegen import command_line, figures, layers, ontology, python_api, queries
from sitegen.markdown import page, write
from threatgraph import ThreatGraph

INDEX = """
Generated from the code, the ontology and the queries of this version.

| page | content |
|---|---|
| [Command line](command-line.md) | every command with its arguments and options |
| [Python](python.md) | classes, methods, errors |
| [Classes](classes.md), [properties](properties.md) | the ontology: definitions, domains, ranges, cardinalities |
| [Concept schemes](schemes.md) | controlled vocabularies and their concepts |
| [Shapes](shapes.md) | the constraints that `threatgraph validate` evaluates |
| [Checks](checks.md) | the rules between records that `threatgraph validate` runs |
| [Named queries](queries.md) | what `threatgraph run NAME` answers, with parameters and columns |
| [Prefixes](prefixes.md) | the namespaces that queries and files may use |

```{toctree}
:hidden:

command-line
python
classes
properties
schemes
shapes
checks
queries
prefixes
```
"""


def generate(docs: Path) -> None:
    """Write all generated pages and figures below the folder of the documentation."""
    graph = ThreatGraph.open()
    reference = docs / "reference"
    pages = dict(_pages(graph))
    for path in reference.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        write(reference / name, text)
    figures.draw(graph, docs / "figures")
    layers.draw(docs / "architecture.md", docs / "figures" / "layers.svg")


def _pages(graph: ThreatGraph) -> Iterator[tuple[str, str]]:
    yield "index.md", page("Reference", INDEX)
    yield "command-line.md", command_line.reference()
    yield "python.md", python_api.reference()
    yield "queries.md", queries.named_queries(graph)
    yield "checks.md", queries.checks(graph)
    yield from ontology.pages()
