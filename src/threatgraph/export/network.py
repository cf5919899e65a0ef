"""The graph as a network of records: for networkx, and by way of it for Gephi.

Nodes are records and concepts, each with its kind, label and code. Edges are their links. The parts of a record are
folded into edges: an impact becomes an edge from the pattern to the group, a framework mapping one to the provision, a
pattern link one from the incident to the pattern, each with the role or relation that the part states.
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

# Of several labels the last one counts: an English one, where there is one.
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
    """The records of a store as a network.

    Args:
        store: the graph.
        node: the IRI of a record, for it and its neighbours alone.

    Returns:
        A directed multigraph. Nodes are IRIs with the attributes ``kind`` (the class, such as ``ThreatPattern``),
        ``label`` (its name in place of one that is missing) and, where there is one, ``code``; edges have ``property``
        and, where a part states one, ``relation``.
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
    # Taken out one by one, since a subgraph of networkx is in the order of a set, which differs from run to run.
    network.remove_nodes_from([other for other in network if other not in near])
    return network


def write_graphml(network: networkx.MultiDiGraph[str]) -> bytes:
    """A network as GraphML.

    Raises:
        ThreatGraphError: where a label or a code holds characters that XML cannot hold.
    """
    import networkx

    _refuse_control_characters(network, "GraphML")
    # networkx numbers the edges of each two nodes anew; Gephi and yEd drop an edge with a number that they have met.
    numbered: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    numbered.add_nodes_from(network.nodes(data=True))
    for number, (source, target, attributes) in enumerate(network.edges(data=True)):
        numbered.add_edge(source, target, f"e{number}", **attributes)
    content = io.BytesIO()
    # Of the two writers of networkx the one that is always there: the other needs lxml and gives other bytes.
    networkx.write_graphml_xml(numbered, content)
    return content.getvalue()


def write_gexf(network: networkx.MultiDiGraph[str]) -> bytes:
    """A network as GEXF, without the date of writing, so that the same network gives the same bytes.

    Raises:
        ThreatGraphError: where a label or a code holds characters that XML cannot hold.
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
