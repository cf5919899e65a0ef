"""HTML of pages: templates that escape every value, compiled when this module is imported."""

from __future__ import annotations

import re
from typing import Any

import jinja2
from markupsafe import Markup, escape

from threatgraph.display import printable
from threatgraph.web.document import FORM_NAMES, MEDIA_TYPES, TypedLink
from threatgraph.web.links import Links
from threatgraph.web.static_files import static_file
from threatgraph.web.view import Text

_FORM_NAMES = {MEDIA_TYPES[form]: name for form, name in FORM_NAMES.items()}
#: The paths and names of the pages that every page links to, in its head and at its end.
_NAVIGATION = (
    ("pattern", "Patterns"),
    ("incident", "Incidents"),
    ("framework", "Frameworks"),
    ("views", "Views"),
    ("assess", "Assess"),
    ("queries", "Queries"),
    ("sparql", "SPARQL"),
)
_FOOTER = (
    ("ontology", "Ontology"),
    ("about", "About"),
    ("cite", "Cite"),
    ("accessibility", "Accessibility"),
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def render(template: str, *, links: Links, signposts: tuple[TypedLink, ...] = (), **values: Any) -> bytes:
    """Render a page.

    Args:
        template: the name of the template.
        links: where documents are.
        signposts: the links for the head of the page.
        values: the variables of the template.
    """
    shown = [link for link in signposts if link.relation == "alternate"]
    page = _ENVIRONMENT.get_template(f"{template}.html").render(
        links=links,
        signposts=signposts,
        asset=lambda name: links.static(static_file(name).name),
        navigation=_NAVIGATION,
        footer_links=_FOOTER,
        **{"section": "", **values},
        forms=[(_FORM_NAMES[link.media_type], link) for link in shown],
    )
    return page.encode()


# The functions below escape every value themselves, since the templates do not escape their results again.


def _text(value: object) -> Markup:
    """A text with control and invisible characters as escapes, and with its lines."""
    return Markup(str(escape(printable(str(value)))).replace("\n", "<br>\n"))  # noqa: S704


def _shown(text: Text) -> Markup:
    """A text with its language and direction, as a link if it has a URL."""
    content = f"<bdi{_language(text)}>{_text(text.text)}</bdi>"
    url = printable(text.url or "", line_ends=False)
    is_web = url.startswith(("http://", "https://"))
    if not url or (_SCHEME.match(url) and not is_web):
        return Markup(content)  # noqa: S704
    external = ' rel="external"' if is_web else ""
    return Markup(f'<a href="{escape(url)}"{external}>{content}</a>')  # noqa: S704


def _block(text: Text) -> Markup:
    """A text that fills an element, which takes its direction from it; ``bdi`` would hide it."""
    if text.url:
        return _shown(text)
    return Markup(f"<span{_language(text)}>{_text(text.text)}</span>") if text.language else _text(text.text)  # noqa: S704


def _rating(text: Text) -> str:
    """The slug of the severity that a text links to; empty for other texts."""
    found = re.search(r"(?:^|/)severity/([a-z-]+)(?:\.html)?$", text.url or "")
    return found[1] if found else ""


def _language(text: Text) -> str:
    return f' lang="{escape(text.language)}"' if text.language else ""


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("threatgraph.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"text": _text, "shown": _shown, "block": _block, "rating": _rating}
    return environment


_ENVIRONMENT = _environment()
for _name in _ENVIRONMENT.list_templates():
    _ENVIRONMENT.get_template(_name)  # compiled before workers are forked
