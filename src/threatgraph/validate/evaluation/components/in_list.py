"""The message of ``sh:in``, which names the members in their order, and of a long list the first ones."""

from __future__ import annotations

from itertools import islice
from typing import Any

import rdflib
from pyshacl.rdfutil.stringify import stringify_node

_NAMED = 20


def in_message(_: Any, component: Any, datagraph: Any, focus: Any, value: Any) -> list[rdflib.Literal]:
    """What pyshacl says where a constraint has no message; it has the members in no settled order, and all of them."""
    graph = component.shape.sg.graph
    members = list(islice(graph.items(component.in_list), _NAMED + 1))
    named = [str(stringify_node(graph, member)) for member in members[:_NAMED]]
    rest = ", …" if len(members) > _NAMED else ""
    return [rdflib.Literal(f"Value {stringify_node(datagraph, value)} not in list [{', '.join(named)}{rest}]")]
