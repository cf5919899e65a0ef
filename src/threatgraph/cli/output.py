"""What the commands share: open the graph, and write an answer in the format and width that fit its destination."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

from threatgraph.cli.options import Options, TableOptions
from threatgraph.display import printable
from threatgraph.errors import InvalidFile, InvalidQuery, ThreatGraphError
from threatgraph.graph import ThreatGraph
from threatgraph.saving import save, saving, spooled
from threatgraph.table import Table

T = TypeVar("T")
_NARROWEST = 40


def open_graph(options: Options, more: Sequence[str] = (), *, quick: bool = False) -> ThreatGraph:
    """Open the graph that the options select.

    Args:
        options: the options of the command.
        more: further files or folders to load; a store on disk has to have them already.
        quick: open a cached copy where there is one; for commands that read little of the graph.
    """
    refuse_conflicts(options, more)
    bundled = not options.no_bundled
    if options.endpoint:
        return open_server(options)
    if options.store:
        return ThreatGraph.open(options.data, bundled=bundled, store=options.store)
    return ThreatGraph.open([*options.data, *more], bundled=bundled, cached=quick)


def refuse_conflicts(options: Options, more: Sequence[str] = ()) -> None:
    """Refuse options that select several graphs; ``more`` as for :func:`open_graph`.

    Raises:
        ThreatGraphError: if they exclude each other.
    """
    if options.endpoint and (options.data or more or options.no_bundled or options.store):
        reason = "a server is queried as it is; upload files with `threatgraph load --endpoint` or `sync`."
        raise ThreatGraphError(f"--data, --store, --no-bundled and PATH cannot be used with --endpoint: {reason}")
    if options.store and (options.data or options.no_bundled):
        reason = "`threatgraph load` adds files to a store and has --no-bundled."
        raise ThreatGraphError(f"--data and --no-bundled cannot be used with --store: {reason}")


def open_server(options: Options) -> ThreatGraph:
    """Connect to the server that the options name.

    Raises:
        InvalidQuery: where they name none.
    """
    if not options.endpoint:
        raise InvalidQuery("this command requires --endpoint URL, a SPARQL server.")
    return ThreatGraph.connect(
        options.endpoint,
        update_url=options.update_endpoint,
        graph_store_url=options.graph_store_endpoint,
        user=options.user,
        graph=options.default_graph,
    )


def write(content: str | bytes, options: Options) -> None:
    """Write an answer to the file that the options name, or else to standard output."""
    data = content.encode() if isinstance(content, str) else content
    if options.output:
        save(data, Path(options.output))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


@contextmanager
def output(options: Options) -> Iterator[IO[bytes]]:
    """Open the file that the options name, or else standard output; after an error nothing is written."""
    if options.output:
        with saving(Path(options.output)) as target:
            yield target
        return
    sys.stdout.flush()
    with spooled(sys.stdout.buffer) as target:
        yield target
    sys.stdout.buffer.flush()


def write_text(text: str, options: Options) -> None:
    """Write an answer for people, with control characters escaped."""
    write(printable(text), options)


def notify(text: str) -> None:
    """Write a message to standard error, with control characters escaped."""
    print(printable(text), file=sys.stderr)


def write_table(
    table: Table, options: TableOptions, form: str | None = None, *, shown: Sequence[str] = (), results: bool = False
) -> None:
    """Write a table.

    Args:
        table: the table.
        options: the options of the command; ``columns`` selects columns.
        form: the format, by default that of the options.
        shown: the columns to show to people by default, where all of them are too many.
        results: whether the rows answer a SPARQL query: JSON, XML, CSV and TSV are then the W3C formats.
    """
    form = form or options.format
    if form == "table":
        table = _for_people(table, options.columns or shown)
        count = f"{len(table)} row{'' if len(table) == 1 else 's'}"
        write_text(f"{table.render(width(options))}\n\n{count}\n", options)
        return
    from threatgraph.export.tables import export_results, export_table

    if options.columns:
        table = table.select(*options.columns)
    export = export_results if results else export_table
    write(export(table, form, guard_formulas=options.guard_formulas), options)


def _for_people(table: Table, columns: Sequence[str]) -> Table:
    """The chosen columns, with the labels of records in place of their IRIs."""
    view = table.labeled()
    if not columns:
        return view
    return (view if set(columns) <= set(view.columns) else table).select(*columns)


def write_truth(answer: bool, options: TableOptions) -> None:
    """Write the answer to an ASK query."""
    if options.format in ("", "table"):  # the export of other formats takes time to import
        write(f"{str(answer).lower()}\n", options)
        return
    from threatgraph.export.tables import export_results

    write(export_results(answer, options.format), options)


def width(options: Options) -> int | None:
    """The characters that fit a line: of the terminal, or what COLUMNS says; ``None`` for a pipe or a file."""
    if options.output or not (sys.stdout.isatty() or os.environ.get("COLUMNS")):
        return None
    import shutil  # takes time to import

    return max(shutil.get_terminal_size().columns, _NARROWEST)


def wrap(text: str, columns: int | None, indent: str = "", hang: str = "") -> list[str]:
    """The lines of a text that are no longer than ``columns``; the second and later ones stand ``hang`` further in."""
    if columns is None:
        return [indent + text]
    import textwrap  # takes time to import

    return textwrap.wrap(text, columns, initial_indent=indent, subsequent_indent=indent + hang, break_on_hyphens=False)


def in_color(options: Options) -> bool:
    """Whether to use color: on a terminal, unless an option or NO_COLOR forbids it."""
    forbidden = options.no_color or os.environ.get("NO_COLOR")
    return sys.stdout.isatty() and not forbidden and not options.output


def decoded(content: bytes, name: str) -> str:
    """Decode what a user wrote, whatever the encoding of the terminal; a byte order mark is not part of it.

    Raises:
        InvalidFile: where it is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidFile(name, f"not UTF-8 (byte 0x{content[error.start]:02x}): save it as UTF-8.", line) from error


def progress_bar(items: Sequence[T]) -> Iterable[T]:
    """The items one by one, with a progress bar on a terminal for work that takes longer than a second."""
    if sys.stderr is None or not sys.stderr.isatty():
        return items
    from tqdm import tqdm

    return tqdm(items, leave=False, delay=1, file=sys.stderr)
