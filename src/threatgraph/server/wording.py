"""Translates messages of the library, which refer to Python, to the words of an HTTP client."""

from __future__ import annotations

import re

#: Text in a message, and what to write instead.
_WORDS = (
    (r" Simplify it, or raise the limit \(`timeout=`\)\.", " Simplify it, or run it on a copy of the graph."),
    (
        r"federated queries are turned off: `allow_service=True` permits them\.",
        "this server runs no federated queries.",
    ),
    (r"the graph is read-only here: .*", "this server is read-only."),
    (r"`recommend`", "/recommend"),
    (r"`graph\.queries` lists them", "/queries lists them"),
    (r"`graph\.schema\(.*?\)` (lists|shows|explains)", r"/ontology \1"),
    (r"`graph\.list\(\"(.*?)\"\)`", r"/\1"),
    (r"`graph\.list\(kind\)`", "the list of the kind"),
    (r"`(\w+)=`", r"`\1`"),
)


def as_http(message: str) -> str:
    """Return a message of the library with Python replaced by parameters and paths of the server."""
    for pattern, replacement in _WORDS:
        message = re.sub(pattern, replacement, message)
    return message
