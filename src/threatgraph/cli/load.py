"""``threatgraph load``: load files into a store on disk or a SPARQL server."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from threatgraph.cli.options import Names, Options, utf8
from threatgraph.cli.output import write_text
from threatgraph.cli.parser import Parser
from threatgraph.errors import InvalidQuery
from threatgraph.graph import ThreatGraph

if TYPE_CHECKING:
    from threatgraph.store.disk.load import LoadResult
    from threatgraph.store.disk.writer import Progress


class LoadOptions(Options):
    """The options of ``threatgraph load``."""

    files: Sequence[str] = ()
    form: str | None = None
    graph: str | None = None
    remove: Sequence[str] = ()
    verbose: bool = False


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=LoadOptions)
    parser.add_argument(
        "files", metavar="FILE", nargs="*", help="RDF files, also compressed (.gz), or folders; - reads standard input"
    )
    parser.add_argument(
        "--format",
        dest="form",
        choices=Names("threatgraph.store.inputs:STREAM_FORMATS"),
        metavar="FORMAT",
        help="format of standard input: %(choices)s",
    )
    parser.add_argument("--graph", type=utf8, metavar="IRI", help="named graph for a single file or standard input")
    parser.add_argument("--remove", action="append", metavar="FILE", help="remove a file from the store (repeatable)")
    parser.add_argument("--verbose", action="store_true", help="with --endpoint: list the files that were uploaded")
    parser.add_examples(
        "threatgraph load --store graph/ my-records/",
        "threatgraph load --store graph/ - --format ntriples < dump.nt",
        "threatgraph load --endpoint http://localhost:7878/query my-records/",
    )
    parser.add_note("A file that is loaded again replaces its earlier version.")


def execute(options: LoadOptions) -> int:
    """Load files into a store on disk or a SPARQL server, and report how much was loaded."""
    if options.endpoint:
        from threatgraph.cli.sync import upload

        _refuse_for_server(options)
        return upload(options, options.files, only=False, graph=options.graph, verbose=options.verbose)
    if not options.store:
        raise InvalidQuery("load requires --store DIR, a store on disk, or --endpoint URL, a SPARQL server.")
    if options.data:
        raise InvalidQuery("--data cannot be used with load: give the files as arguments.")
    _refuse_wrong_input(options)
    from_stream = "-" in options.files
    with _bar() as progress:
        outcome = ThreatGraph.load(
            [file for file in options.files if file != "-"],
            store=options.store,
            stream=sys.stdin.buffer if from_stream else None,
            format=options.form,
            graph=options.graph,
            remove=options.remove,
            bundled=not options.no_bundled,
            progress=progress,
        )
    write_text(_summary(outcome, options.store), options)
    return 0


def _refuse_for_server(options: LoadOptions) -> None:
    if "-" in options.files or options.form or options.remove:
        raise InvalidQuery(
            "-, --format and --remove cannot be used with --endpoint: `threatgraph sync` removes files that are "
            "no longer given."
        )
    if not options.files:
        raise InvalidQuery("no FILE to load; `threatgraph sync` uploads the bundled graph.")


def _refuse_wrong_input(options: LoadOptions) -> None:
    from_stream = "-" in options.files
    if from_stream and options.form is None:
        raise InvalidQuery("standard input (-) requires --format FORMAT.")
    if options.form is not None and not from_stream:
        raise InvalidQuery("--format is the format of standard input; give - as FILE, or leave --format out.")
    if from_stream and sys.stdin is None:
        raise InvalidQuery("standard input is closed, so there is nothing to load.")
    if from_stream and options.graph and len(options.files) > 1:
        raise InvalidQuery("--graph names one graph; load standard input and the files in separate commands.")


@contextmanager
def _bar() -> Iterator[Progress | None]:
    """A progress bar on a terminal, for work that takes longer than a second."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit="B", unit_scale=True, leave=False, delay=1, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        yield progress


def _summary(outcome: LoadResult, directory: str) -> str:
    held = outcome.manifest.graphs
    rate = f" ({outcome.triples / outcome.seconds:,.0f} per second)" if outcome.triples else ""
    lines = [
        f"loaded {_files(len(outcome.loaded))}: {outcome.triples:,} triples in {outcome.seconds:.1f} seconds{rate}",
        *([f"removed {_files(len(outcome.removed))}"] if outcome.removed else []),
        f"{directory} now contains {_files(len(held))} with {sum(entry.triples for entry in held.values()):,} triples",
    ]
    return "\n".join(lines) + "\n"


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
