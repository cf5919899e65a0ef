"""Translates messages of the library, which refer to Python, to the words of the command line.

The library names parameters (``timeout=``) and methods (``graph.list("pattern")``) in backticks. Only text in backticks
is translated, so a message can quote data without risk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_CODE = r"`([^`\n]+)`"
#: Python in a message, and what to write on the command line.
_COMMANDS: Mapping[str, str] = {
    r"""ThreatGraph\.load\(["'](.*)["'], store=["'](.*)["']\)""": r"`threatgraph load --store \2 \1`",
    r"""ThreatGraph\.load\(store=["'](.*)["']\)""": r"`threatgraph load --store \1`",
    r"ThreatGraph\.load": "`threatgraph load`",
    r"ThreatGraph\.connect": "--endpoint",
    r"graph\.list\(kind\)": "`threatgraph list KIND`",
    r'graph\.list\("(.*)"\)': r"`threatgraph list \1`",
    r"graph\.queries": "`threatgraph queries`",
    r'graph\.schema\("(.*)"\)': r"`threatgraph schema \1`",
    r"graph\.schema\(\)": "`threatgraph schema`",
    r"bundled=False": "--no-bundled",
    r"bundled=True": "without --no-bundled",
    r"(\w+)=True": r"--\1",
    r"(\w+)=(.+)": r"--\1 \2",
    r"(\w+)=": r"--\1",
}


def as_command_line(message: str) -> str:
    """Return a message of the library with Python in backticks translated to commands and options."""
    return re.sub(_CODE, lambda found: _translated(found[1]) or found[0], message)


def _translated(code: str) -> str | None:
    for pattern, replacement in _COMMANDS.items():
        if match := re.fullmatch(pattern, code):
            text = match.expand(replacement)
            if not text.startswith("--"):
                return text
            option, space, value = text.partition(" ")
            return option.replace("_", "-") + space + value
    return None
