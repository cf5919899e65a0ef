"""``threatgraph import``: import records from a file of another project."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from threatgraph.cli.options import Options, share
from threatgraph.cli.output import notify, open_graph, write
from threatgraph.cli.parser import Parser
from threatgraph.display import printable
from threatgraph.errors import ThreatGraphError
from threatgraph.importers import FORMATS, ImportResult


class ImportOptions(Options):
    """The options of ``threatgraph import``."""

    form: str
    path: str
    no_links: bool = False
    links_above: float = 0.0


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=ImportOptions)
    parser.add_argument("form", metavar="FORMAT", choices=FORMATS, help="one of %(choices)s")
    parser.add_argument("path", metavar="PATH", help="the file or folder to import")
    parser.add_argument("--no-links", action="store_true", help="do not predict links from incidents to patterns")
    parser.add_argument(
        "--links-above", type=share, metavar="SHARE", help="minimum confidence of predicted links, 0 to 1 (default: 0)"
    )
    parser.add_examples(
        "threatgraph import aiid incidents.csv -o imported/",
        "threatgraph import sssom mappings.sssom.tsv -o mappings.ttl",
    )
    parser.add_note("-o FILE writes one file with all records; -o FOLDER/ writes one file per record.")


def execute(options: ImportOptions) -> int:
    """Write the records of a file of another project, and report what was left out."""
    if options.no_bundled:
        raise ThreatGraphError("--no-bundled cannot be used with import: imported records link to the bundled ones.")
    if options.store:
        raise ThreatGraphError("--store cannot be used with import: load the imported file into the store afterward.")
    if options.endpoint:
        raise ThreatGraphError("--endpoint cannot be used with import: upload the imported file afterward.")
    if options.output:
        _refuse_input(Path(options.output), map(Path, [options.path, *options.data]))
    found = open_graph(options).import_file(
        options.form, options.path, predict_links=not options.no_links, min_confidence=options.links_above
    )
    for problem in sorted(set(found.problems)):
        notify(str(problem))
    for note in found.notes:
        notify(f"note: {note}")
    if found.is_empty():
        path = printable(options.path, line_ends=False)
        raise ThreatGraphError(f"{path}: no record could be imported{_left_out(found)}.")
    if options.output:
        found.write(options.output)
    else:
        write(found.to_turtle(), options)
    counts = ", ".join(f"{n} {name}" for name, n in found.counts().items())
    notify(f"imported {counts}{_left_out(found)}")
    return 0


def _refuse_input(output: Path, inputs: Iterable[Path]) -> None:
    """Refuse to overwrite a file that is read."""
    for path in inputs:
        if output.is_file() and path.is_file() and output.samefile(path):
            raise ThreatGraphError(f"{output} is read by this import; write to another file.")


def _left_out(found: ImportResult) -> str:
    """The number of problems; empty without any."""
    problems = len(set(found.problems))
    return f"; {problems} problem{'' if problems == 1 else 's'} left out" if problems else ""
