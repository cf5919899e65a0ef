"""The output formats of an assessment, one module each.

``document`` has the parts that Markdown and HTML write; ``wording`` has the sentences that all formats share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from threatgraph.assess.model import AssessmentData
from threatgraph.assess.register import Register
from threatgraph.display import printable
from threatgraph.errors import UnknownName


def _writer(module: str, function: str) -> Callable[..., Any]:
    """A function of a module of this package, which is imported when the function is called."""
    return lambda *given: getattr(import_module(f"{__name__}.{module}"), function)(*given)


#: The name of each format, and its writer.
FORMATS: Mapping[str, Callable[[AssessmentData, Register], str | bytes]] = {
    "text": lambda data, register: printable(_writer("text", "render")(data, None)),
    "markdown": _writer("markdown", "to_markdown"),
    "html": _writer("html", "to_html"),
    "csv": _writer("csv", "to_csv"),
    "xlsx": _writer("xlsx", "to_xlsx"),
    "json": lambda data, register: str(_writer("json", "to_json")(data, register)) + "\n",
    "turtle": lambda data, register: bytes(_writer("rdf", "to_turtle")(data)),
    "jsonld": lambda data, register: bytes(_writer("rdf", "to_jsonld")(data)),
}
#: The format of a file with an extension.
EXTENSIONS: Mapping[str, str] = {
    "md": "markdown",
    "html": "html",
    "htm": "html",
    "csv": "csv",
    "xlsx": "xlsx",
    "json": "json",
    "ttl": "turtle",
    "jsonld": "jsonld",
}
#: The formats that have the register.
WITH_REGISTER = ("csv", "xlsx", "markdown", "html", "json")


def export(data: AssessmentData, format: str, register: Register) -> bytes:
    """Write an assessment.

    Args:
        data: the assessment.
        format: a name from :data:`FORMATS`.
        register: its register.

    Raises:
        UnknownName: for a format that does not exist.
        ThreatGraphError: for ``xlsx`` if openpyxl is not installed.
    """
    if format not in FORMATS:
        raise UnknownName("format for assessments", format, FORMATS, f"The formats are {', '.join(FORMATS)}.")
    content = FORMATS[format](data, register)
    return content.encode() if isinstance(content, str) else content
