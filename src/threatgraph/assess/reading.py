"""Reads files that users name, up to a size."""

from __future__ import annotations

from pathlib import Path

from threatgraph.errors import InvalidFile

#: The maximum length of a description, in characters. A description of a system has a page or two.
LONGEST_TEXT = 1_000_000


def read_description(path: str | Path) -> str:
    """Read the description of a system from a text or Markdown file.

    Args:
        path: the file.

    Raises:
        InvalidFile: if the file is missing, too large, or not text in UTF-8.
    """
    return decode(read_bytes(path, 4 * LONGEST_TEXT), str(path))  # a character has up to four bytes


def read_bytes(path: str | Path, largest: int) -> bytes:
    """Read a file.

    Args:
        path: the file.
        largest: its maximum size in bytes.

    Raises:
        InvalidFile: if the file is missing or too large.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise InvalidFile(str(path), f"cannot be read: {error.strerror}.") from error
    if len(content) > largest:
        raise InvalidFile(str(path), f"is larger than {largest:,} bytes, the maximum.")
    return content


def decode(content: bytes, name: str) -> str:
    """Decode text, without a byte order mark.

    Args:
        content: the bytes.
        name: the name of the file, for messages.

    Raises:
        InvalidFile: if it is not UTF-8, or has NUL bytes as other files than text have.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = f"is not text in UTF-8 (byte 0x{content[error.start]:02x}): save it as UTF-8."
        raise InvalidFile(name, reason, line) from error
    if "\0" in text:
        raise InvalidFile(name, "is not text: it contains a NUL byte.")
    return text
