"""Caches the bundled graph in the user's cache folder, so that commands need not parse it each time.

The cached copy is a directory store whose name is a digest of the bundled files and of the versions of the software, so
an outdated copy is never used. It is created atomically at first use. If it cannot be written, is being created by
another process, or is corrupt, the graph is loaded into memory. ``THREATGRAPH_CACHE=off`` disables the cache.

Old copies are removed when a new one is created. The cache folder may have other files: only a folder that has the name
of a copy and nothing but a store in it is removed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph

from threatgraph import resources
from threatgraph.errors import ThreatGraphError
from threatgraph.store.disk.manifest import FORMAT, NAME, read_manifest
from threatgraph.store.disk.snapshots import discard, holds_only_a_store
from threatgraph.store.disk.store import DirectoryStore

if TYPE_CHECKING:
    from threatgraph.store.memory import MemoryStore

SWITCH = "THREATGRAPH_CACHE"
"""The environment variable that disables the cache."""
_OFF = {"off", "0", "no", "false"}
_KEPT = 3
"""The number of copies to keep, for several installations on one machine."""
_COPIES = "graphs"
"""The subfolder for copies; earlier versions kept them in the folder above."""
_DIGITS = frozenset("0123456789abcdef")
_LENGTH = 32


def bundled_store() -> DirectoryStore | None:
    """Open the cached bundled graph, and create it if it is missing; ``None`` if that is not possible."""
    folder = _folder()
    if folder is None:
        return None
    try:
        store = _opened(folder / _key())
    except (ThreatGraphError, OSError):
        return None  # fall back to the graph in memory
    if store is not None:
        store.kept_in = store.directory
    return store


def use_kept(store: MemoryStore) -> None:
    """Let a store use what is kept beside the cached copy of the bundled graph, such as models.

    Args:
        store: a store of the bundled graph alone.
    """
    copy = bundled_store()
    if copy is not None:
        store.kept_in = copy.kept_in


def _folder() -> Path | None:
    """The folder of the copies; ``None`` if the cache is disabled or the user has no home folder."""
    if os.environ.get(SWITCH, "").strip().lower() in _OFF:
        return None
    base = os.environ.get("XDG_CACHE_HOME", "")
    if base and Path(base).is_absolute():  # relative paths must be ignored (XDG Base Directory Specification 0.8)
        return Path(base) / "threatgraph" / _COPIES
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises if there is none
    return Path(home) / ".cache" / "threatgraph" / _COPIES if Path(home).is_absolute() else None


def _key() -> str:
    """The name of the copy, a digest of everything that its content depends on."""
    content = f"{FORMAT}\0{pyoxigraph.__version__}\0{sys.platform}\0{resources.root()}\0{resources.bundled_digest()}"
    return resources.digest(content)[:_LENGTH]


def _opened(directory: Path) -> DirectoryStore | None:
    try:
        store = DirectoryStore.open(directory)
        if _is_untouched(store.path, directory / NAME):
            return store
    except ThreatGraphError:
        pass  # it is missing or corrupt
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
    """The folders that have the name of a copy, except symbolic links."""
    named = (path for path in folder.iterdir() if len(path.name) == _LENGTH and _DIGITS.issuperset(path.name))
    return [path for path in named if path.is_dir() and not path.is_symlink()]


def _discarded(directory: Path) -> bool:
    """Remove an unused copy and return whether it is gone; a folder with other content is left alone."""
    try:
        manifest = read_manifest(directory)
        ours = manifest is None or all(loaded.bundled for loaded in manifest.graphs.values())
    except ThreatGraphError:
        ours = True  # corrupt, or of another version: removed only if it contains nothing but a store
    if ours and not directory.is_symlink() and holds_only_a_store(directory):
        discard(directory)
    return not directory.exists()


def _is_untouched(snapshot: Path, published: Path) -> bool:
    """Whether nobody has written into a snapshot after it was published; the engine sees other damage itself."""
    latest = published.stat().st_mtime_ns
    return all(file.stat().st_mtime_ns <= latest for file in snapshot.iterdir())
