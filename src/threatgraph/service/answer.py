"""What a function on the served graph returns for an HTTP request."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """The content of a response, whole, with its status: it is known before the first byte is sent."""

    content: bytes
    media_type: str
    """The media type, with ``charset=utf-8`` for text."""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers, such as ``Location`` and ``Link``."""
