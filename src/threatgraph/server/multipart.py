"""Reads forms with files, as browsers send them (``multipart/form-data``, RFC 7578), in memory."""

from __future__ import annotations

import re
from typing import NamedTuple

from threatgraph.server.problems import Problem
from threatgraph.server.requests import MOST, Parameters

FORM_WITH_FILES = "multipart/form-data"
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb';\s*name="([^"]*)"', re.IGNORECASE)
_FILE = re.compile(rb';\s*filename="([^"]*)"', re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:\s*form-data\b", re.IGNORECASE)


class Upload(NamedTuple):
    """A file of a form."""

    field: str
    name: str
    """The name of the file on the machine of the sender."""
    content: bytes


def read_form(content_type: str, body: bytes) -> tuple[Parameters, list[Upload]]:
    """Read the fields and files of a form; a field for a file in which none was chosen is left out.

    Args:
        content_type: the ``Content-Type`` header, which has the boundary of the parts.
        body: the content of the request.

    Raises:
        Problem: if the form is not valid, has too many fields, or is not UTF-8.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Problem(400, f"the media type {FORM_WITH_FILES} requires a boundary.")
    parts = (b"\r\n" + body).split(b"\r\n--" + (found[1] or found[2]).encode())
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise Problem(400, "the form is incomplete: its last boundary is missing.")
    if len(parts) - 2 > MOST:
        raise Problem(400, f"the form has more than {MOST} fields.")
    pairs: list[tuple[str, str]] = []
    uploads: list[Upload] = []
    for part in parts[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        field, file = _described(head)
        if file is None:
            pairs.append((field, _text(content)))
        elif file or content:
            uploads.append(Upload(field, file, content))
    return Parameters(pairs), uploads


def _described(head: bytes) -> tuple[str, str | None]:
    """The name of the field, and that of the file if the part has one."""
    line = next((one for one in head.split(b"\r\n") if _DISPOSITION.match(one)), b"")
    if (name := _NAME.search(line)) is None:
        raise Problem(400, "a part of the form has no name.")
    file = _FILE.search(line)
    return _text(name[1]), None if file is None else _text(file[1])


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Problem(400, "the form is not valid UTF-8.") from None
