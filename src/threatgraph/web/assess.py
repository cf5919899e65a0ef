"""The page that assesses a system: a form, the threat profile with the risk register, and their files.

Nothing is kept between requests. The forms of the page repeat what was sent, so that each file is assessed anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlencode

from threatgraph.assess import EXTENSIONS, FORMATS, Assessment
from threatgraph.assess.formats.wording import DISCLAIMER
from threatgraph.errors import AmbiguousName, InvalidFile, InvalidQuery, UnknownName
from threatgraph.server.operations import ASSESSMENT
from threatgraph.server.wording import as_http
from threatgraph.service import Answer, ServedGraph
from threatgraph.web.assess_fields import answered, groups
from threatgraph.web.assess_input import (
    DEFAULT_TOP,
    FORMAT,
    PATTERN,
    PROFILE,
    TEXT,
    TITLE,
    TOP,
    Input,
    Parsed,
    Upload,
    collect,
    parse,
    read_upload,
)
from threatgraph.web.assess_sections import sections
from threatgraph.web.document import content_type
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.view import Text

PATH = "assess"
_LONGEST_LINK = 1_500
"""Characters of the parameters of a link to an assessment; longer ones are cut off by some programs."""
_NEEDED = "Describe the system, choose facts about it, or name threat patterns: the form is empty."
#: What each file has.
_FILES = {
    "xlsx": "XLSX workbook with the risk register",
    "csv": "CSV with the risk register",
    "markdown": "Markdown",
    "html": "HTML",
    "json": "JSON",
    "turtle": "Turtle",
    "jsonld": "JSON-LD",
}
_SUFFIXES = {name: suffix for suffix, name in reversed(tuple(EXTENSIONS.items()))}


def page(
    served: ServedGraph,
    given: Sequence[tuple[str, str]] = (),
    upload: Upload | None = None,
    root: str = "/",
    *,
    submitted: bool = False,
) -> Answer:
    """Return the form, the form with a problem above it, an assessment, or a file of it.

    Args:
        served: the graph.
        given: the fields of the form with their values; those that are empty count as not given.
        upload: the name and the content of an uploaded profile, which replaces the field with the profile.
        root: the URL of the home page.
        submitted: whether the form was sent, so that an empty one is a problem.
    """
    links, values = Links(root), collect(given)
    formats = values.pop(FORMAT, ())
    try:
        if upload is not None:
            values[PROFILE] = (read_upload(upload),)
        if not values.keys() - {TOP}:
            return _form(served, values, links, _NEEDED if submitted else "")
        found = _assess(served, parse(values))
        return _file(found, formats[0]) if formats else _result(served, found, values, links)
    except (InvalidQuery, InvalidFile, UnknownName, AmbiguousName) as error:
        return _form(served, values, links, as_http(str(error)))


def _assess(served: ServedGraph, parsed: Parsed) -> Assessment:
    return served.graph.assess(
        parsed.text,
        profile=parsed.profile,
        patterns=parsed.patterns,
        role=parsed.role,
        frameworks=parsed.frameworks,
        top=parsed.top,
    )


def _file(found: Assessment, format: str) -> Answer:
    content = found.export(format)
    media_type = next(form.content_type for form in ASSESSMENT.forms if form.name == format)
    name = f"assessment.{_SUFFIXES.get(format, 'txt')}"
    return Answer(content, media_type, headers=(("Content-Disposition", f'attachment; filename="{name}"'),))


def _form(served: ServedGraph, values: Input, links: Links, problem: str) -> Answer:
    content = render(
        "assess",
        **_shared(served, values, links),
        title="Assess a system",
        description="Describe an AI system, and get the threats and provisions to check, with a risk register.",
        problem=problem,
        questions=answered(None, values),
    )
    return Answer(content, content_type("html"), 400 if problem else 200)


def _result(served: ServedGraph, found: Assessment, values: Input, links: Links) -> Answer:
    pairs = [(name, value) for name, given in values.items() for value in given]
    parameters = urlencode(pairs)
    content = render(
        "assess_result",
        **_shared(served, values, links),
        title=found.title,
        sections=sections(found, links),
        disclaimer=DISCLAIMER,
        questions=answered(found, values),
        pairs=pairs,
        files=[(name, title) for name, title in _FILES.items() if _can_write(name)],
        link=f"{links.page(PATH)}?{parameters}" if len(parameters) <= _LONGEST_LINK else "",
    )
    return Answer(content, content_type("html"))


def _shared(served: ServedGraph, values: Input, links: Links) -> dict[str, Any]:
    """The variables of the form, which both pages have."""
    return {
        "links": links,
        "trail": (Text("Home", links.page()),),
        "path": PATH,
        "section": PATH,
        "groups": groups(served.graph, values),
        "values": {name: "\n".join(values.get(name, ())) for name in (TEXT, TITLE, PATTERN, PROFILE, TOP)},
        "default_top": DEFAULT_TOP,
    }


def _can_write(format: str) -> bool:
    return format in FORMATS and (format != "xlsx" or find_spec("openpyxl") is not None)
