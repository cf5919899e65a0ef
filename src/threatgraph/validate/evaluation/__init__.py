"""Evaluating candidate nodes with pyshacl on the subgraph that their shapes read."""
