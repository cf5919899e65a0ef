"""Translates messages of the library, which refer to Python, to the words of the tools."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Python in a message, and what to write for an agent.
_TOOLS: Mapping[str, str] = {
    r": `allow_service=True` permits them": "",
    r"To list the records of a kind, use `graph\.list\(kind\)`": "The tool search finds records",
    r'`graph\.list\("[\w-]+"\)` lists the ([\w -]+)': r"The tool search finds \1",
    r"`graph\.queries` lists them": "The tool run_query lists them if it is called without a name",
    r'`graph\.schema\("(.*?)"\)` explains': r"The tool schema explains",
    r"`graph\.schema\(\)` lists": "The tool schema lists",
    r"`recommend` accepts": "the tool related accepts",
    r" Simplify it, or raise the limit \(`timeout=`\)\.": " Simplify it, or query fewer records.",
    r"`timeout=`": "the time limit",
    "the graph is read-only here: .*": "the graph is read-only.",
}


def for_agents(message: str) -> str:
    """Return a message of the library with Python in it translated to tools."""
    for pattern, replacement in _TOOLS.items():
        message = re.sub(pattern, replacement, message)
    return message
