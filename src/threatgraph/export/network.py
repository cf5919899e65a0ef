"""Converts the graph to a network of records, for networkx and Gephi.

Nodes are records and concepts, with kind, label and code. Edges are their links. A part of a record becomes an edge: an
impact from the pattern to the group, a framework mapping to the provision, a pattern link from the incident to the
pattern, each with the role or relation of the part.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from threatgraph.export.limits import refuse_control_characters
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import to_text
from threatgraph.vocab import DERIVED_GRAPH, KINDS

if TYPE_CHECKING:
    import networkx

# The last of several labels is used: an English one if available.
_NODES = f"""
SELECT ?record ?class ?label ?code
WHERE {{
  VALUES ?class {{ {" ".join(f"tg:{kind.class_name}" for kind in KINDS.values())} }}
  ?record a ?class .
  OPTIONAL {{ ?record skos:prefLabel ?label }}
  OPTIONAL {{ ?record skos:notation ?code }}
}}
ORDER BY STR(?record) (LANGMATCHES(LANG(?label), "en")) STR(?class) STR(?label) STR(?code)
"""
_LINKS = f"""
SELECT DISTINCT ?from ?property ?to ?relation
WHERE {{
  {{
    ?from ?property ?to .
    FILTER NOT EXISTS {{ GRAPH <{DERIVED_GRAPH}> {{ ?from ?property ?to }} }}
  }}
  UNION
  {{
    ?from tg:impact ?part .
    ?part tg:group ?to .
    OPTIONAL {{ ?part tg:impactRole ?relation }}
    BIND(tg:impact AS ?property)
  }}
  UNION
  {{
    ?from tg:mapping ?part .
    ?part sssom:object_id ?to .
    OPTIONAL {{ ?part sssom:predicate_id ?relation }}
    BIND(tg:mapping AS ?property)
  }}
  UNION
  {{
    ?from ^sssom:subject_id ?part .
    ?part a tg:CrosswalkMapping ; sssom:object_id ?to .
    OPTIONAL {{ ?part sssom:predicate_id ?relation }}
    BIND(tg:crosswalkMapping AS ?property)
  }}
  UNION
  {{
    ?from tg:patternLink ?part .
    ?part tg:pattern ?to .
    OPTIONAL {{ ?part tg:patternRole ?relation }}
    BIND(tg:patternLink AS ?property)
  }}
  UNION
  {{ ?from tg:governanceContext ?part . ?part tg:framework ?to . BIND(tg:governanceContext AS ?property) }}
  FILTER(ISIRI(?to) && ?property != rdf:type)
}}
ORDER BY STR(?from) STR(?property) STR(?to) STR(?relation)
"""


def to_networkx(store: Store, node: str | None = None) -> networkx.MultiDiGraph[str]:
    """Convert the records of a store to a network.

    Args:
        store: the graph.
        node: the IRI of a record, to include only it and its neighbors.

    Returns:
        A directed multigraph. Nodes are IRIs with the attributes ``kind`` (the class, such as ``ThreatPattern``),
        ``label`` (the IRI if there is no label) and optionally ``code``. Edges have ``property`` and optionally
        ``relation``.
    """
    import networkx

    network: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    for record, cls, label, code in store.select(_NODES).rows:
        attributes = {"kind": to_text(cls).partition(":")[2], "label": to_text(label or record)}
        network.add_node(_iri(record), **attributes, **({"code": to_text(code)} if code else {}))
    for source, prop, target, relation in store.select(_LINKS).rows:
        ends = _iri(source), _iri(target)
        if ends[0] in network and ends[1] in network:
            relations = {"relation": to_text(relation)} if relation else {}
            network.add_edge(*ends, property=to_text(prop), **relations)
    if node is None:
        return network
    near = {node, *network.predecessors(node), *network.successors(node)} if node in network else set()
    # Nodes are removed one by one, since the node order of a networkx subgraph differs between runs.
    network.remove_nodes_from([other for other in network if other not in near])
    return network


def write_graphml(network: networkx.MultiDiGraph[str]) -> bytes:
    """Serialize a network as GraphML.

    Raises:
        ThreatGraphError: if a label or code has characters that XML cannot represent.
    """
    import networkx

    _refuse_control_characters(network, "GraphML")
    # networkx numbers edges for each pair of nodes separately; Gephi and yEd drop edges with a duplicate number.
    numbered: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    numbered.add_nodes_from(network.nodes(data=True))
    for number, (source, target, attributes) in enumerate(network.edges(data=True)):
        numbered.add_edge(source, target, f"e{number}", **attributes)
    content = io.BytesIO()
    # networkx has two writers; the other one requires lxml and its output differs.
    networkx.write_graphml_xml(numbered, content)
    return content.getvalue()


def write_gexf(network: networkx.MultiDiGraph[str]) -> bytes:
    """Serialize a network as GEXF, without the modification date, so that the output is deterministic.

    Raises:
        ThreatGraphError: if a label or code has characters that XML cannot represent.
    """
    import networkx

    _refuse_control_characters(network, "GEXF")
    text = "\n".join(networkx.generate_gexf(network))
    return (re.sub(r' lastmodifieddate="[^"]*"', "", text, count=1) + "\n").encode()


def _refuse_control_characters(network: networkx.MultiDiGraph[str], form: str) -> None:
    for node, attributes in network.nodes(data=True):
        for value in attributes.values():
            refuse_control_characters(value, node, form)


def _iri(term: Term | None) -> str:
    return str(getattr(term, "value", term))
