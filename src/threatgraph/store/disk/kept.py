"""Keeps what was computed from the bundled graph in files beside its cached copy, such as a full-text index.

A file is found again only for the same graph and for the same ``depends``, a text that names everything else that its
content depends on. A damaged file is removed, so the caller computes the content again. Nothing is kept for other
graphs: those with files of the user, a store of the user, a server.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from threatgraph.errors import ThreatGraphError
from threatgraph.resources import digest
from threatgraph.saving import save
from threatgraph.store.disk.snapshots import KEPT

T = TypeVar("T")

_MAGIC = b"threatgraph\0"
_HEAD = len(_MAGIC) + 4


def keeps(store: object) -> bool:
    """Whether files are kept for a store."""
    return _folder(store) is not None


def kept(
    store: object,
    name: str,
    depends: Callable[[], str],
    compute: Callable[[], T],
    pack: Callable[[T], bytes],
    unpack: Callable[[memoryview], T],
) -> T:
    """Return what is kept under a name; if it is not kept yet, compute it, and keep it if files are kept for the store.

    Args:
        store: the store that the content is computed from.
        name: the name of the content, as in :func:`read_kept`.
        depends: returns everything that the content depends on beside the graph, as in :func:`read_kept`.
        compute: computes the content.
        pack: writes it as bytes.
        unpack: reads these bytes.
    """
    if not keeps(store):
        return compute()
    known = depends()
    content = read_kept(store, name, known)
    if content is not None:
        return unpack(content)
    computed = compute()
    write_kept(store, name, known, pack(computed))
    return computed


def read_kept(store: object, name: str, depends: str) -> memoryview | None:
    """Return the content of a kept file.

    Args:
        store: the store that the content was computed from.
        name: the name of the content, lowercase letters and digits only.
        depends: everything that the content depends on beside the graph, such as :func:`file_stamps` of the code.

    Returns:
        The content; ``None`` if the file is missing or damaged, or if files are not kept for this store.
    """
    path = _path(store, name, depends)
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError:
        return None
    body = memoryview(content)[_HEAD:]
    if content[:_HEAD] == _head(body):
        return body
    with suppress(OSError):
        path.unlink()
    return None


def write_kept(store: object, name: str, depends: str, content: bytes | memoryview) -> None:
    """Keep content in a file, atomically, in place of earlier content of that name; does nothing if it cannot be kept.

    Args:
        store: the store that the content was computed from.
        name: the name of the content, as in :func:`read_kept`.
        depends: as in :func:`read_kept`.
        content: the content.
    """
    path = _path(store, name, depends)
    if path is None:
        return
    with suppress(ThreatGraphError, OSError):
        save(b"".join((_head(content), content)), path)
        for other in path.parent.glob(f"{KEPT}{name}-*"):
            if other != path:
                other.unlink(missing_ok=True)


def file_stamps(*folders: Path) -> str:
    """Return the names, sizes and modification times of the Python files in folders, without subfolders.

    Args:
        folders: the folders, such as that of the package that computes the content.
    """
    return stamps(sorted(file for folder in folders for file in folder.glob("*.py")))


def stamps(files: Iterable[Path]) -> str:
    """Return the names, sizes and modification times of files."""
    return "\n".join(f"{file}\0{status.st_size}\0{status.st_mtime_ns}" for file in files for status in [file.stat()])


def _path(store: object, name: str, depends: str) -> Path | None:
    folder = _folder(store)
    return None if folder is None else folder / f"{KEPT}{name}-{digest(depends)[:16]}"


def _folder(store: object) -> Path | None:
    folder: Path | None = getattr(store, "kept_in", None)
    return folder


def _head(content: bytes | memoryview) -> bytes:
    return _MAGIC + zlib.crc32(content).to_bytes(4, "little")
