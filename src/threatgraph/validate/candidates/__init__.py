"""Finds candidate focus nodes with SPARQL, so that pyshacl does not have to evaluate every node."""
