"""Keeps the bundled graph in the user's cache folder, so that a command need not parse it each time.

The copy is a directory store, named after a digest of the bundled files and of the versions of what made it; so a copy
that is out of date is never found. It is made when it is first missed, in one step. Where it cannot be written, is in
the making or is damaged, the graph is loaded in memory as without it. ``THREATGRAPH_CACHE=off`` turns it off.

Old copies are removed when a new one is made. The cache folder may hold files of others: what is removed must have the
name of a copy, and hold what a copy holds and nothing else.
"""

from __future__ import annotations

import os
import re
import sys
from hashlib import sha256
from pathlib import Path

import pyoxigraph

from threatgraph import resources
from threatgraph.errors import ThreatGraphError
from threatgraph.store.disk.manifest import FORMAT, NAME, read_manifest
from threatgraph.store.disk.snapshots import discard, holds_store_alone
from threatgraph.store.disk.store import DirectoryStore
from threatgraph.store.inputs import bundled_digest

SWITCH = "THREATGRAPH_CACHE"
"""The environment variable that turns the cache off."""
_OFF = {"off", "0", "no", "false"}
_KEPT = 3
"""How many copies stay, for as many installations side by side."""
_COPIES = "graphs"
"""The folder of the copies in that of threatgraph, where earlier versions kept them themselves."""
_NAMED = re.compile(r"[0-9a-f]{32}")


def bundled_store() -> DirectoryStore | None:
    """The bundled graph from the cache, made there where it is missing; ``None`` where that is not possible."""
    folder = _folder()
    if folder is None:
        return None
    try:
        return _opened(folder / _key())
    except (ThreatGraphError, OSError):
        return None  # whatever is wrong, the graph in memory is as good


def _folder() -> Path | None:
    """The folder of the copies; ``None`` where the user wants none, or has no home."""
    if os.environ.get(SWITCH, "").strip().lower() in _OFF:
        return None
    base = os.environ.get("XDG_CACHE_HOME", "")
    if base and Path(base).is_absolute():  # a relative one is to be ignored (XDG Base Directory Specification 0.8)
        return Path(base) / "threatgraph" / _COPIES
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    return Path(home) / ".cache" / "threatgraph" / _COPIES if Path(home).is_absolute() else None


def _key() -> str:
    """The name of a copy, which changes with everything that its content depends on."""
    told = f"{FORMAT}\0{pyoxigraph.__version__}\0{sys.platform}\0{resources.root()}\0{bundled_digest()}"
    return sha256(told.encode(errors="surrogateescape")).hexdigest()[:32]


def _opened(directory: Path) -> DirectoryStore | None:
    try:
        store = DirectoryStore.open(directory)
        if _is_untouched(store.path, directory / NAME):
            return store
    except ThreatGraphError:
        pass  # it is missing, or damaged
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.exists() and not _discarded(directory):
        return None
    return _made(directory)


def _made(directory: Path) -> DirectoryStore:
    from threatgraph.store.disk.load import load

    load(directory)
    others = [path for path in _copies(directory.parent) if path != directory]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in [*others[_KEPT - 1 :], *_copies(directory.parent.parent)]:
        _discarded(path)
    return DirectoryStore.open(directory)


def _copies(folder: Path) -> list[Path]:
    """What has the name of a copy in a folder, links aside."""
    return [
        path for path in folder.iterdir() if _NAMED.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    ]


def _discarded(directory: Path) -> bool:
    """Remove a copy that nobody uses; whether it is gone: what else has its name is left alone."""
    try:
        manifest = read_manifest(directory)
        ours = manifest is None or all(loaded.bundled for loaded in manifest.graphs.values())
    except ThreatGraphError:
        ours = True  # a damaged one, or one of another version: it holds what a store holds, or it stays
    if ours and not directory.is_symlink() and holds_store_alone(directory):
        discard(directory)
    return not directory.exists()


def _is_untouched(generation: Path, published: Path) -> bool:
    """Whether nobody has written into a generation after it was published; the engine sees other damage itself."""
    latest = published.stat().st_mtime_ns
    return all(file.stat().st_mtime_ns <= latest for file in generation.iterdir())
