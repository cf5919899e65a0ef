"""Locates the ontology, the data and the named queries: in the installed package, or in a checkout.

Only RDF files, queries and word lists are ever read from a checkout. Code is always that of the installed package.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from threatgraph.errors import ThreatGraphError

CHECKOUT = "THREATGRAPH_CHECKOUT"
"""The environment variable that names the checkout to use; ``off`` stops the search for one."""
_OFF = {"off", "0", "no", "false"}
_LINE = b'name = "threatgraph"'

_checkout: Path | None = None
_notify: Callable[[Path], None] | None = None


def root() -> Path:
    """Return the folder that holds ``ontology/``, ``data/`` and ``queries/``.

    The first of these wins: the checkout chosen by :func:`use_checkout`, the one that the environment variable
    ``THREATGRAPH_CHECKOUT`` names, the installed package.

    Raises:
        ThreatGraphError: if the package has no data, or ``THREATGRAPH_CHECKOUT`` is not a checkout.
    """
    global _notify
    if _checkout is not None:
        notify, _notify = _notify, None
        if notify is not None:
            notify(_checkout)
        return _checkout
    named = os.environ.get(CHECKOUT, "").strip()
    return _named_checkout(named) if named and named.lower() not in _OFF else installed_root()


@cache
def installed_root() -> Path:
    """Return the folder with the data of the installed package; of an editable install, the checkout itself.

    Raises:
        ThreatGraphError: if neither the installed package nor a checkout around it has the data.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "_share", package.parents[1]):
        if (candidate / "ontology" / "threatgraph.ttl").is_file():
            return candidate
    raise ThreatGraphError(f"the bundled ontology is missing from {package}: reinstall threatgraph.")


def find_checkout(folder: Path) -> Path | None:
    """Return the checkout of threatgraph that holds a folder, or ``None``.

    A checkout has ``data/``, ``queries/``, ``ontology/threatgraph.ttl`` and the ``pyproject.toml`` of threatgraph.
    """
    return next((candidate for candidate in (folder, *folder.parents) if _is_checkout(candidate)), None)


def is_own(folder: Path) -> bool:
    """Return whether a folder belongs to the current user or to root, as git requires of a repository."""
    return os.name == "nt" or folder.stat().st_uid in (0, os.geteuid())


def use_checkout(folder: Path | None, notify: Callable[[Path], None] | None = None) -> None:
    """Read ontology, data and queries from a checkout instead of the installed package.

    Args:
        folder: the checkout; ``None`` to go back to the default.
        notify: called once with the checkout, when something is first read from it.
    """
    global _checkout, _notify
    _checkout, _notify = folder, notify


def child_environment() -> dict[str, str]:
    """Return the environment for a new process of this package, which then reads the same checkout."""
    return {**os.environ, **({CHECKOUT: str(_checkout)} if _checkout is not None else {})}


def ontology_dir() -> Path:
    """Return the folder of the ontology, with ``schemes/``, ``shapes/`` and ``rules/`` in it."""
    return root() / "ontology"


def data_dir() -> Path:
    """Return the folder of the bundled records."""
    return root() / "data"


def queries_dir() -> Path:
    """Return the folder of the named queries."""
    return root() / "queries"


def bundled_files(folder: Path | None = None) -> list[Path]:
    """Return the files of the bundled graph, sorted: ontology, schemes and data (not shapes, rules or alignments).

    Args:
        folder: the folder of another release, with ``ontology/`` and ``data/``; by default :func:`root`.
    """
    return [Path(path) for path, _ in _bundled(folder or root())]


def bundled_digest() -> str:
    """Return a digest of the names, sizes and modification times of the bundled files and rules, to detect changes."""
    rules = str(ontology_dir() / "rules")
    start = len(str(root())) + 1
    files = [*_bundled(root()), *_sorted(rules, ".rq")]
    lines = [f"{path[start:]}\0{status.st_size}\0{status.st_mtime_ns}\n" for path, status in files]
    return digest("".join(lines).replace(os.sep, "/"))


def digest(text: str) -> str:
    """Return the SHA-256 digest of a text, in hexadecimal."""
    return str(_sha256()(text.encode(errors="surrogateescape")).hexdigest())


def _sha256() -> Any:
    """The function of `hashlib`, from the module below it, since `hashlib` takes 3 ms to load OpenSSL."""
    for module in ("_sha2", "_sha256"):  # of Python 3.12 and 3.11; `random` does so for the same reason
        with suppress(ImportError):
            return import_module(module).sha256
    return import_module("hashlib").sha256


def _bundled(folder: Path) -> list[tuple[str, os.stat_result]]:
    """The paths of the files of the bundled graph and their status."""
    ontology = str(folder / "ontology")
    main = os.path.join(ontology, "threatgraph.ttl")  # noqa: PTH118 - see _below
    return [
        (main, os.stat(main)),  # noqa: PTH116
        *_sorted(os.path.join(ontology, "schemes"), ".ttl"),  # noqa: PTH118
        *_sorted(str(folder / "data"), ".ttl", deep=True),
    ]


def _sorted(folder: str, suffix: str, *, deep: bool = False) -> list[tuple[str, os.stat_result]]:
    found = [(entry.path, entry.stat()) for entry in _below(folder, suffix, deep=deep)]
    return sorted(found, key=lambda item: item[0].split(os.sep))  # noqa: PTH206 - as paths are sorted, but quicker


def _below(folder: str, suffix: str, *, deep: bool) -> Iterator[os.DirEntry[str]]:
    """The entries of a folder, and if asked of its subfolders; paths of `pathlib` would take five times as long."""
    try:
        entries = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    with entries:
        for entry in entries:
            if entry.name.endswith(suffix):
                yield entry
            elif deep and entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path, suffix, deep=True)


@cache
def _named_checkout(name: str) -> Path:
    folder = Path(name).expanduser().resolve()
    if not has_graph(folder):
        raise ThreatGraphError(f"{CHECKOUT}: {name} is not a checkout of threatgraph (ontology/, data/, queries/).")
    return folder


def has_graph(folder: Path) -> bool:
    """Return whether a folder has the files of a release, as a checkout has: ontology, data and queries."""
    ontology = folder / "ontology" / "threatgraph.ttl"
    return ontology.is_file() and (folder / "data").is_dir() and (folder / "queries").is_dir()


def _is_checkout(folder: Path) -> bool:
    try:
        return has_graph(folder) and _LINE in (folder / "pyproject.toml").read_bytes().splitlines()
    except OSError:
        return False
