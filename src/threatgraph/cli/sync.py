"""``threatgraph sync``: upload the graph to a SPARQL server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from threatgraph.cli.options import Options
from threatgraph.cli.output import open_server, write_text
from threatgraph.cli.parser import Parser
from threatgraph.errors import InvalidQuery

if TYPE_CHECKING:
    from threatgraph.store.remote.sync import SyncResult


class SyncOptions(Options):
    """The options of ``threatgraph sync``."""

    files: Sequence[str] = ()
    verbose: bool = False


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=SyncOptions)
    parser.add_argument("files", metavar="FILE", nargs="*", help="your own RDF files, or folders of them")
    parser.add_argument("--verbose", action="store_true", help="list the files that were uploaded or removed")
    parser.add_examples(
        "threatgraph sync --endpoint http://localhost:7878/query \\",
        "    --update-endpoint http://localhost:7878/update",
        "threatgraph sync --endpoint http://localhost:8890/sparql my-records/",
    )
    parser.add_note("Files from an earlier run that are no longer given are removed from the server.")


def execute(options: SyncOptions) -> int:
    """Upload the bundled graph and the given files, and remove what an earlier run uploaded and is not given now."""
    return upload(options, options.files, only=True, verbose=options.verbose)


def upload(
    options: Options, files: Sequence[str], *, only: bool, graph: str | None = None, verbose: bool = False
) -> int:
    """Upload files to the server; each replaces its earlier version.

    Args:
        options: the options of the command.
        files: files and folders.
        only: upload the bundled graph too, and remove what an earlier run uploaded and is not given now.
        graph: the named graph for a single file.
        verbose: list the files.
    """
    server = open_server(options)
    if options.data or options.store:
        raise InvalidQuery("--data and --store cannot be used with a server: give the files as arguments.")
    begun = time.monotonic()
    result = server.sync(files, bundled=only and not options.no_bundled, prune=only, graph=graph)
    write_text(_summary(result, time.monotonic() - begun, verbose=verbose), options)
    return 0


def _summary(result: SyncResult, seconds: float, *, verbose: bool) -> str:
    changes = {"added": result.added, "replaced": result.replaced, "removed": result.removed}
    lines = [f"{verb}: {graph}" for verb, graphs in changes.items() for graph in graphs if verbose]
    counts = ", ".join(f"{verb} {len(graphs)}" for verb, graphs in changes.items() if graphs)
    if counts:
        files = "file" if sum(map(len, changes.values())) == 1 else "files"
        lines.append(f"{counts} {files}; sent {result.triples:,} triples in {seconds:.1f} seconds")
    else:
        lines.append("nothing changed: the server is up to date")
    return "\n".join(lines) + "\n"
