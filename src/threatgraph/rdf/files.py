"""Finds the RDF files that a user names and knows their formats."""

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
_TURTLE = re.compile(rb"(?i)(?:\xef\xbb\xbf)?\s*(?:#|@prefix|@base|prefix|base)")
_HEAD = 1024
_LARGEST_TEXT = 64 * 1024**2
COMPRESSED = ".gz"
"""What a file ends in that is compressed by gzip; it follows the ending of the format."""


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The RDF files among ``paths``: files as named, and all files with a known ending below each folder, sorted.

    Raises:
        InvalidFile: where a path does not exist or cannot be read, a file has an unknown ending or is none, such as a
            pipe, or a folder holds no RDF file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = files_below(path, lambda file: ending(file) in FORMATS)
            if not below:
                raise InvalidFile(str(path), f"no RDF file in this folder; the known endings are {_endings()}.")
            found += below
        elif ending(path) not in FORMATS and path.exists():
            raise InvalidFile(str(path), f"not an RDF file by its ending; the known endings are {_endings()}.")
        else:
            require_file(path)
            found.append(path)
    return list(dict.fromkeys(found))


def files_below(folder: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    """The files below a folder that are wanted, sorted; links are followed, but into no folder twice.

    Raises:
        InvalidFile: where a folder below cannot be read, or something with a wanted name is not a file that can be.
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
    """Make sure that a path leads to a file: to open a pipe or a device could wait forever.

    Raises:
        InvalidFile: where it does not exist, is a link that leads nowhere, or is something else than a file.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if path.is_symlink():
            raise InvalidFile(str(path), f"a link that leads nowhere ({error.strerror}): mend or remove it.") from error
        if isinstance(error, FileNotFoundError):
            raise InvalidFile(str(path), "no such file or folder.") from error
        raise InvalidFile(str(path), f"cannot be read: {error.strerror}.") from error
    except ValueError as error:  # such as a NUL in the path
        raise InvalidFile(repr(str(path)), f"not the name of a file ({error}).") from error
    if not stat.S_ISREG(mode):
        reason = "not a regular file (such as a pipe or a device): write it to a file, or load it by standard input."
        raise InvalidFile(str(path), reason)


def _refuse_folder(error: OSError) -> NoReturn:
    raise InvalidFile(str(error.filename), f"this folder cannot be read: {error.strerror}.") from error


def read_quads(path: Path) -> Iterator[Quad]:
    """The quads of an RDF file; its format is known by its ending.

    Raises:
        InvalidFile: where the file cannot be read, is not UTF-8 or does not parse, with line and column.
    """
    with source_of(path) as source:
        yield from source.quads()


def source_of(path: Path) -> Source:
    """A file, opened to be read as what its ending says.

    Raises:
        InvalidFile: where the file cannot be opened.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InvalidFile(str(path), f"cannot be read: {error.strerror}.") from error
    return Source(stream, str(path), _format_of(path), path.resolve().as_uri(), compressed=_is_compressed(path))


def _format_of(path: Path) -> RdfFormat:
    """The format of a file by its ending; ``.owl`` is RDF/XML, or Turtle where it begins as that does."""
    form = FORMATS[ending(path)]
    if ending(path) != ".owl":
        return form
    try:
        with _opened(path) as stream:
            return RdfFormat.TURTLE if _TURTLE.match(stream.read(_HEAD)) else form
    except (OSError, EOFError, zlib.error):
        return form  # whoever reads it will say what is wrong


def _is_compressed(path: Path) -> bool:
    return path.suffix.lower() == COMPRESSED


def _opened(path: Path) -> IO[bytes]:
    import gzip

    return gzip.open(path) if _is_compressed(path) else path.open("rb")  # type: ignore[return-value]


def text_of(path: Path) -> str:
    """The text of a file, as far as it serves to find a line in it: empty where it is larger than 64 MiB.

    Raises:
        InvalidFile: where the file cannot be read.
    """
    try:
        with _opened(path) as stream:
            content = stream.read(_LARGEST_TEXT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidFile(str(path), f"cannot be read: {error}.") from error
    return "" if len(content) > _LARGEST_TEXT else content.decode("utf-8", errors="replace")


def ending(path: Path) -> str:
    """What the name of a file ends in, in lower case and without what tells of compression: it tells the format."""
    return Path(path.stem if _is_compressed(path) else path.name).suffix.lower()


def _endings() -> str:
    return f"{', '.join(FORMATS)}, each with or without {COMPRESSED}"
