"""Writes records: new records with a template to complete, and the canonical form of a file."""

from threatgraph.authoring.canonical import format_file, format_text, turtle_files
from threatgraph.authoring.creation import NewRecord, new_incident, new_pattern

__all__ = ["NewRecord", "format_file", "format_text", "new_incident", "new_pattern", "turtle_files"]
