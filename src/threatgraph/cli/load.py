"""The command that loads files into a store on disk: load."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyoxigraph import RdfFormat

from threatgraph.cli.output import put_text
from threatgraph.errors import InvalidQuery
from threatgraph.store.disk.load import LoadResult
from threatgraph.store.disk.load import load as load_into
from threatgraph.store.disk.writer import Progress
from threatgraph.store.inputs import GraphSource, file_sources, stream_source

_FORMATS = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
    "jsonld": RdfFormat.JSON_LD,
    "rdfxml": RdfFormat.RDF_XML,
}


def load(arguments: argparse.Namespace) -> int:
    """Load files into the store of a directory and say how much it was."""
    if getattr(arguments, "endpoint", None):
        from threatgraph.cli.sync import load as load_remote

        return load_remote(arguments)
    directory = getattr(arguments, "store", None)
    if not directory:
        raise InvalidQuery("name the folder of the store: --store DIR; or the server: --endpoint URL.")
    if getattr(arguments, "data", None):
        raise InvalidQuery("--data is for a graph in memory: name the files to load without it.")
    given = _inputs(arguments)
    with _bar() as progress:
        outcome = load_into(
            Path(directory),
            given,
            remove=arguments.remove,
            bundled=not getattr(arguments, "no_bundled", False),
            progress=progress,
        )
    put_text(_told(outcome, directory), arguments)
    return 0


def _inputs(arguments: argparse.Namespace) -> list[GraphSource]:
    from_stream = "-" in arguments.files
    if from_stream != (arguments.form is not None):
        raise InvalidQuery("--format says what - (standard input) holds: give both, or neither.")
    if not from_stream:
        return file_sources(map(Path, arguments.files), arguments.graph)
    if sys.stdin is None:
        raise InvalidQuery("standard input is closed: there is nothing to load.")
    files = file_sources(Path(name) for name in arguments.files if name != "-")
    if files and arguments.graph:
        raise InvalidQuery("--graph names one graph: load standard input and the files one after the other.")
    return [*files, stream_source(sys.stdin.buffer, _FORMATS[arguments.form], arguments.graph)]


@contextmanager
def _bar() -> Iterator[Progress | None]:
    """A bar on a terminal, for work that takes longer than a second."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit="B", unit_scale=True, leave=False, delay=1, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        yield progress


def _told(outcome: LoadResult, directory: str) -> str:
    held = outcome.manifest.graphs
    rate = f" ({outcome.triples / outcome.seconds:,.0f} a second)" if outcome.triples else ""
    lines = [
        f"loaded {_files(len(outcome.loaded))}: {outcome.triples:,} triples in {outcome.seconds:.1f} seconds{rate}",
        *([f"removed {_files(len(outcome.removed))}"] if outcome.removed else []),
        f"{directory} holds {_files(len(held))}, {sum(loaded.triples for loaded in held.values()):,} triples",
    ]
    return "\n".join(lines) + "\n"


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
