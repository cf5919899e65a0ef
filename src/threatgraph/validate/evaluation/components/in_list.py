"""The message of ``sh:in``, which lists the first members in their order."""

from __future__ import annotations

from itertools import islice
from typing import Any

import rdflib
from pyshacl.rdfutil.stringify import stringify_node

_MAX_MEMBERS = 20


def in_message(_: Any, component: Any, datagraph: Any, focus: Any, value: Any) -> list[rdflib.Literal]:
    """The default message of pyshacl, which lists all members in an arbitrary order."""
    graph = component.shape.sg.graph
    members = list(islice(graph.items(component.in_list), _MAX_MEMBERS + 1))
    named = [str(stringify_node(graph, member)) for member in members[:_MAX_MEMBERS]]
    rest = ", …" if len(members) > _MAX_MEMBERS else ""
    return [rdflib.Literal(f"Value {stringify_node(datagraph, value)} not in list [{', '.join(named)}{rest}]")]
