"""Finds RDF files on disk and recognizes their formats by extension."""

from __future__ import annotations

import os
import re
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, NoReturn

from pyoxigraph import Quad, RdfFormat

from threatgraph.errors import InvalidFile
from threatgraph.rdf.reading import Source

FORMATS: dict[str, RdfFormat] = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
}
_TURTLE = rb"(?i)(?:\xef\xbb\xbf)?\s*(?:#|@prefix|@base|prefix|base)"
_HEAD = 1024
_LARGEST_TEXT = 64 * 1024**2
COMPRESSED = ".gz"
"""The extension of a gzip-compressed file, which follows the extension of the format."""


def find_files(paths: Iterable[Path]) -> list[Path]:
    """List the RDF files in ``paths``: each file as given, and each file with a known extension below a folder, sorted.

    Raises:
        InvalidFile: if a path does not exist or cannot be read, a file has an unknown extension or is not a regular
            file, or a folder has no RDF file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = files_below(path, lambda file: ending(file) in FORMATS)
            if not below:
                raise InvalidFile(str(path), f"no RDF file found in this folder; known extensions are {_endings()}.")
            found += below
        elif ending(path) not in FORMATS and path.exists():
            raise InvalidFile(str(path), f"not a known RDF file extension; known extensions are {_endings()}.")
        else:
            require_file(path)
            found.append(path)
    return list(dict.fromkeys(found))


def files_below(folder: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    """List the matching files below a folder, sorted. Links are followed, but each folder is visited once.

    Raises:
        InvalidFile: if a subfolder cannot be read, or a matching name is not a readable regular file.
    """
    found: list[Path] = []
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, onerror=_refuse_folder, followlinks=True):
        if (real := os.path.realpath(parent)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        for file in (Path(parent, name) for name in names):
            if wanted(file):
                require_file(file)
                found.append(file)
    return sorted(found)


def require_file(path: Path) -> None:
    """Check that a path is a regular file, since opening a pipe or a device could block forever.

    Raises:
        InvalidFile: if it does not exist, is a broken link, or is not a regular file.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if path.is_symlink():
            raise InvalidFile(str(path), f"broken link ({error.strerror}): fix or remove it.") from error
        if isinstance(error, FileNotFoundError):
            raise InvalidFile(str(path), "no such file or folder.") from error
        raise InvalidFile(str(path), f"cannot be read: {error.strerror}.") from error
    except ValueError as error:  # such as a NUL in the path
        raise InvalidFile(repr(str(path)), f"not a valid file name ({error}).") from error
    if not stat.S_ISREG(mode):
        reason = "not a regular file (such as a pipe or a device): write it to a file, or load it from standard input."
        raise InvalidFile(str(path), reason)


def _refuse_folder(error: OSError) -> NoReturn:
    raise InvalidFile(str(error.filename), f"this folder cannot be read: {error.strerror}.") from error


def read_quads(path: Path) -> Iterator[Quad]:
    """Read the quads of an RDF file; the extension gives the format.

    Raises:
        InvalidFile: if the file cannot be read, is not UTF-8 or does not parse; it has the line and column.
    """
    with source_of(path) as source:
        yield from source.quads()


def source_of(path: Path) -> Source:
    """Open a file for reading in the format that its extension gives.

    Raises:
        InvalidFile: if the file cannot be opened.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InvalidFile(str(path), f"cannot be read: {error.strerror}.") from error
    return Source(stream, str(path), _format_of(path), path.resolve().as_uri(), compressed=_is_compressed(path))


def _format_of(path: Path) -> RdfFormat:
    """The format of a file by its extension; ``.owl`` is RDF/XML, or Turtle if the content looks like Turtle."""
    form = FORMATS[ending(path)]
    if ending(path) != ".owl":
        return form
    try:
        with _opened(path) as stream:
            return RdfFormat.TURTLE if re.match(_TURTLE, stream.read(_HEAD)) else form
    except (OSError, EOFError, zlib.error):
        return form  # reading it reports the error


def _is_compressed(path: Path) -> bool:
    return path.suffix.lower() == COMPRESSED


def _opened(path: Path) -> IO[bytes]:
    import gzip

    return gzip.open(path) if _is_compressed(path) else path.open("rb")  # type: ignore[return-value]


def text_of(path: Path) -> str:
    """The text of a file, for locating lines; empty for files larger than 64 MiB.

    Raises:
        InvalidFile: if the file cannot be read.
    """
    try:
        with _opened(path) as stream:
            content = stream.read(_LARGEST_TEXT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidFile(str(path), f"cannot be read: {error}.") from error
    return "" if len(content) > _LARGEST_TEXT else content.decode("utf-8", errors="replace")


def ending(path: Path) -> str:
    """The extension of a file that gives its format, in lower case and without that of compression."""
    return Path(path.stem if _is_compressed(path) else path.name).suffix.lower()


def _endings() -> str:
    return f"{', '.join(FORMATS)}, each with or without {COMPRESSED}"
