"""A site of files: the pages and other forms of a server, for hosts that only serve files.

The site is planned as parts, whose names are known before anything is written. The parts are then rendered, in several
processes if the graph is in memory. The same graph gives the same bytes.
"""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from typing import NamedTuple

from threatgraph.errors import NotRepresentable, QueryTooLarge, ThreatGraphError, ThreatGraphWarning
from threatgraph.graph import ThreatGraph
from threatgraph.store.memory import MemoryStore
from threatgraph.web.site_folder import SiteFolder, is_safe
from threatgraph.web.site_parts import Part, Site, records_of, shared_parts

_CHUNK = 8
"""Parts that a process takes at a time."""
_site: tuple[SiteFolder, Sequence[Part]] | None = None
"""What forked processes render."""


class _Written(NamedTuple):
    """The files of a part."""

    sizes: dict[str, int]
    """The bytes of each file."""
    changed: int
    """The number of files whose content is new."""
    left_out: dict[str, str]
    """The files that cannot be made, each with the reason."""


class SiteResult(NamedTuple):
    """What a build did."""

    files: int
    written: int
    """Files whose content is new."""
    removed: int
    size: int
    """Bytes of all files."""


def build(
    graph: ThreatGraph,
    folder: Path,
    *,
    base_url: str | None = None,
    edit_url: str = "",
    processes: int | None = None,
) -> SiteResult:
    """Write the site of a graph into a folder.

    A file that already has the right content is not touched. Files of an earlier build that no longer belong to the
    site are removed; others never are.

    Args:
        graph: the graph.
        folder: the folder; it must be new, empty, or have a site.
        base_url: the URL of the site, for the sitemap, the feed and the descriptions; by default the beginning of all
            IRIs of threatgraph.
        edit_url: the URL of the folder in which the files of records can be edited; pages link to it if it is given.
        processes: how many processes render; by default one for each processor if the graph is in memory.

    Raises:
        ThreatGraphError: if the folder has other files, or a file cannot be written.
    """
    target = SiteFolder(folder)
    parts = plan(graph, base_url, edit_url)
    target.begin([name for part in parts for name in part.files])
    sizes: dict[str, int] = {}
    written = 0
    for one in _render(graph, target, parts, _processes(graph, processes)):
        sizes |= one.sizes
        written += one.changed
        for name, reason in one.left_out.items():
            warnings.warn(f"{name} is left out: {reason}", ThreatGraphWarning, 2)
    return SiteResult(len(sizes), written, target.finish(sizes), sum(sizes.values()))


def plan(graph: ThreatGraph, base_url: str | None = None, edit_url: str = "") -> list[Part]:
    """Return the parts of a site; a record whose files would have the name of another part is left out with a warning.

    Args:
        graph: the graph.
        base_url: as in :func:`build`.
        edit_url: as in :func:`build`.
    """
    site = Site(graph, base_url, edit_url)
    parts = shared_parts(site)
    files = {name for part in parts for name in part.files}
    folders = {folder for name in files for folder in _folders(name)}
    for part in records_of(site):
        above = {folder for name in part.files for folder in _folders(name)}
        taken = files & above or (files | folders) & part.files.keys()
        if taken or not all(map(is_safe, part.files)):
            page = next(iter(part.files))
            site.paths.remove(page.removesuffix(".html"))
            warnings.warn(f"{page} cannot be the name of a file here: left out.", ThreatGraphWarning, 3)
            continue
        files |= part.files.keys()
        folders |= above
        parts.append(part)
    return parts


def _folders(name: str) -> Iterator[str]:
    """The folders that a file is in."""
    while name := name.rpartition("/")[0]:
        yield name


def _processes(graph: ThreatGraph, wanted: int | None) -> int:
    # A store on disk cannot be shared with a forked process, and a server answers one request at a time.
    if not isinstance(graph.store, MemoryStore) or "fork" not in get_all_start_methods():
        return 1
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return wanted or available or 1


def _render(graph: ThreatGraph, folder: SiteFolder, parts: Sequence[Part], processes: int) -> Iterator[_Written]:
    """Render all parts."""
    global _site
    _site = (folder, parts)
    if processes == 1:
        yield from map(_write, range(len(parts)))
        return
    with suppress(ThreatGraphError):  # such as a graph without patterns
        graph.recommend(text="a chatbot")  # the processes share the model
    with warnings.catch_warnings():
        # Python 3.12 warns about the threads of Oxigraph, which the children do not use.
        warnings.simplefilter("ignore", DeprecationWarning)
        pool = ProcessPoolExecutor(processes, get_context("fork"), initializer=_ignore_interrupts)
        try:
            yield from pool.map(_write, range(len(parts)), chunksize=_CHUNK)
        except BrokenProcessPool as error:
            raise ThreatGraphError("a process that renders pages was killed; the site is incomplete.") from error
        finally:
            pool.shutdown(cancel_futures=True)
            _site = None


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write(number: int) -> _Written:
    assert _site is not None  # noqa: S101 - set before the processes are forked
    folder, parts = _site
    sizes, count, left_out = {}, 0, {}
    for name, render in parts[number].files.items():
        try:
            content = render()
            count += folder.write(name, content)
            sizes[name] = len(content)
        except (NotRepresentable, QueryTooLarge) as error:
            left_out[name] = str(error)
        except ThreatGraphError as error:
            raise ThreatGraphError(str(error)) from error  # other errors cannot be sent to another process
    return _Written(sizes, count, left_out)
