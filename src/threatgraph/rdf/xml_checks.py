"""Checks RDF/XML before parsing: expanding entities, deep nesting, and quotes that the parser would corrupt."""

from __future__ import annotations

import re

from threatgraph.rdf.nesting import DEEPEST, ChunkedCheck, Refused, too_deep

LONGEST_ENTITY = 500
"""Maximum bytes of an entity; an abbreviation of a namespace is shorter."""

# Text, followed by markup. The last group that matches gives the kind of markup.
_MARKUP = re.compile(
    rb"""
    (?:[^<&]++|&[^;<&\s]*+;)*+
    (?: (?P<end></[^<>]++>)
      | (?P<start><[^<>"'!?/](?:[^<>"'/]++|/(?!>)|"[^"]*+"|'[^']*+')*+(?:>|(?P<empty>/>)))
      | <!--(?:[^-]++|-(?!->))*+-->
      | <!\[CDATA\[(?:[^\]]++|\](?!\]>))*+\]\]>
      | <\?(?:[^?]++|\?(?!>))*+\?>
      | (?P<doctype><!(?i:DOCTYPE)[^<>\[\]]*+(?:\[(?:[^<>\]]++|<[^<>]*+>)*+\]\s*+)?>)
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_TEXT = re.compile(rb"(?:[^<&]++|&[^;<&\s]*+;)*+")
_BEGINS_DOCTYPE = re.compile(rb"<!(?i:D)")
_LONGEST_DOCTYPE = 1024**2
_ENTITY = re.compile(rb"""<!ENTITY\s*+(?P<parameter>%\s)?\s*+(?P<name>[^\s"'>]++)\s*+(?:"(?P<value>[^"]*+)")?""")
_REFERENCE = re.compile(rb"&([^;<&\s]++);")
_NESTED = re.compile(rb"&(?!#)")
# Markup that is left unchanged; or a tag with a single-quoted value that contains double quotes, which the parser
# would copy into an XML literal without escaping.
_TAG_WITH_BOTH = re.compile(
    rb"""
      <!--(?:[^-]++|-(?!->))*+-->
    | <!\[CDATA\[(?:[^\]]++|\](?!\]>))*+\]\]>
    | <\?(?:[^?]++|\?(?!>))*+\?>
    | <[^<>"'!?/](?:[^<>"']++|"[^"]*+"|'[^']*+')*+>
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED = re.compile(rb"""("[^"]*+")|'([^']*+)'""")


class XmlChecks(ChunkedCheck):
    """Checks an RDF/XML document in chunks; an incomplete tag is buffered until the next chunk."""

    def __init__(self) -> None:
        super().__init__()
        self._entities: dict[bytes, bytes] = {}

    def feed(self, content: bytes) -> bytes:
        """Check the next chunk; an entity other than a short text abbreviation is refused, too."""
        text, place = self._rest + content, 0
        depth = self._depth
        while found := _MARKUP.match(text, place):
            place = found.end()
            kind = found.lastgroup
            if kind == "start" and not found["empty"]:
                depth += 1
                if depth > DEEPEST:
                    raise self._refused(too_deep("elements", DEEPEST), text, place)
            elif kind == "end":
                depth -= 1
            elif kind == "doctype":
                self._declare(found, text)
        self._depth = depth
        place = _TEXT.match(text, place).end()  # type: ignore[union-attr]  # the pattern also matches the empty string
        self._rest = text[place:]
        if _BEGINS_DOCTYPE.match(self._rest) and (not content or len(self._rest) > _LONGEST_DOCTYPE):
            reason = (
                "its document type declaration is too long, or has < or > in a quoted text or a comment: remove it."
            )
            raise self._refused(reason, text, place)
        self._line += text.count(b"\n", 0, place)
        checked = text if not content else text[:place]
        if self._entities:
            self.expanded += sum(len(self._entities.get(name, b"")) for name in _REFERENCE.findall(checked))
        return _TAG_WITH_BOTH.sub(_in_double_quotes, checked) if b"'" in checked else checked

    def _declare(self, found: re.Match[bytes], text: bytes) -> None:
        for entity in _ENTITY.finditer(found[0]):
            name, value = entity["name"], entity["value"]
            called = f"the entity {name.decode('utf-8', 'replace')}"
            reason = None
            if entity["parameter"]:
                reason = "it declares a parameter entity, which is not supported: replace it by its value."
            elif value is None:
                reason = (
                    f"{called} is not a quoted text, and external entities are not fetched: replace it by its value."
                )
            elif len(value) >= LONGEST_ENTITY or _NESTED.search(value):
                reason = (
                    f"{called} is long or refers to another entity, which may expand a lot: replace it by its value."
                )
            elif self._entities.setdefault(name, value) != value:
                reason = f"{called} is declared twice: remove one declaration."
            if reason:
                raise self._refused(reason, text, found.start() + entity.start())

    def _refused(self, reason: str, text: bytes, place: int) -> Refused:
        return Refused(reason, self._line + text.count(b"\n", 0, place))


def _in_double_quotes(markup: re.Match[bytes]) -> bytes:
    if markup[0].startswith((b"<!", b"<?")) or b"'" not in markup[0]:
        return markup[0]
    return _QUOTED.sub(lambda value: value[1] or b'"%s"' % value[2].replace(b'"', b"&quot;"), markup[0])
