"""Finds the RDF files that a user names and reads them into triples, with errors that say where the fault is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyoxigraph import Quad, RdfFormat, parse

from threatgraph.errors import InvalidFile

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


# An XML entity that is more than a short name for a namespace: a few of these can fill any memory.
_EXPANDING_ENTITY = re.compile(r"""<!ENTITY\s+[^"'>]*(?:"[^"]*(?:&[^#]|[^"]{500})|'[^']*(?:&[^#]|[^']{500}))""")


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The RDF files among ``paths``: files as named, and all files with a known ending below each folder, sorted.

    Raises:
        InvalidFile: where a path does not exist, a file has an unknown ending, or a folder holds no RDF file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = sorted(file for file in path.rglob("*") if file.suffix.lower() in FORMATS and file.is_file())
            if not below:
                raise InvalidFile(str(path), f"no RDF file in this folder; the known endings are {_endings()}.")
            found += below
        elif not path.exists():
            raise InvalidFile(str(path), "no such file or folder.")
        elif path.suffix.lower() not in FORMATS:
            raise InvalidFile(str(path), f"not an RDF file by its ending; the known endings are {_endings()}.")
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def read_quads(path: Path) -> Iterator[Quad]:
    """The quads of an RDF file; its format is known by its ending.

    Raises:
        InvalidFile: where the file is not UTF-8 or does not parse, with line and column.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")  # a byte order mark is not part of the text
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InvalidFile(
            str(path), f"not UTF-8 (byte 0x{error.object[error.start]:02x}): save it as UTF-8.", line
        ) from error
    except OSError as error:
        raise InvalidFile(str(path), f"cannot be read: {error.strerror}.") from error
    form = FORMATS[path.suffix.lower()]
    if form == RdfFormat.RDF_XML and _EXPANDING_ENTITY.search(text):
        reason = "it declares an entity that is long or refers to other entities, which may expand without bound."
        raise InvalidFile(str(path), reason)
    try:
        yield from parse(text, format=form, base_iri=path.resolve().as_uri())
    except SyntaxError as error:
        raise InvalidFile(str(path), f"does not parse: {error.msg}", error.lineno, error.offset) from error


def _endings() -> str:
    return ", ".join(FORMATS)
