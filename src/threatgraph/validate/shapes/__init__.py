"""Reads shapes graphs: what each shape requires, and whether its definition is well-formed."""
