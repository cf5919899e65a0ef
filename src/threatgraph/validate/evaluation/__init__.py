"""Evaluates candidates with pyshacl, on the subgraph that their shapes read."""
