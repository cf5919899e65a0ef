"""The RDF terms that all modules exchange, as Oxigraph has them."""

from __future__ import annotations

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

Node = NamedNode | BlankNode
Term = NamedNode | BlankNode | Literal | Triple
