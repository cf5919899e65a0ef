"""The command that brings in what others have: import."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from threatgraph.cli.output import put, say
from threatgraph.display import printable
from threatgraph.errors import ThreatGraphError
from threatgraph.importers import harvest
from threatgraph.importers.builder import Harvest
from threatgraph.importers.writing import as_turtle, write_folder


def import_file(arguments: argparse.Namespace) -> int:
    """Write the records of another project's file in our model, and say what was left out."""
    if getattr(arguments, "no_bundled", False):
        raise ThreatGraphError("imported records link to the bundled ones: leave --no-bundled out.")
    if getattr(arguments, "store", None):
        raise ThreatGraphError("import works beside the bundled graph: leave --store out, and load what it writes.")
    data = [Path(path) for path in getattr(arguments, "data", [])]
    output = getattr(arguments, "output", None)
    if output:
        _refuse_input(Path(output), [Path(arguments.path), *data])
    found = harvest(arguments.form, Path(arguments.path), data, None if arguments.no_links else arguments.links_above)
    for fault in sorted(set(found.faults)):
        say(str(fault))
    for note in found.notes:
        say(f"note: {note}")
    if found.is_empty():
        path = printable(arguments.path, line_ends=False)
        raise ThreatGraphError(f"{path}: nothing in it could be imported{_left_out(found)}.")
    if output and (output.endswith(os.sep) or Path(output).is_dir()):
        write_folder(found, Path(output))
    else:
        put(as_turtle(found), arguments)
    counts = ", ".join(f"{n} {name}" for name, n in found.counts().items())
    print(f"imported {counts}{_left_out(found)}", file=sys.stderr)
    return 0


def _refuse_input(output: Path, inputs: list[Path]) -> None:
    """Refuse to write over a file that is read."""
    for path in inputs:
        if output.is_file() and path.is_file() and output.samefile(path):
            raise ThreatGraphError(f"{output} is read by this import: write to another file.")


def _left_out(found: Harvest) -> str:
    """How many faults there were; empty without any."""
    faults = len(set(found.faults))
    return f"; {faults} fault{'' if faults == 1 else 's'} left out" if faults else ""
