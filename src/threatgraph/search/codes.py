"""Codes and citations in queries: ``Art. 5(1)(f)``, ``ASI06``, ``MIT 4.3``, ``AIID 489``, ``A.7.4``, URLs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from threatgraph.search.documents import Document
from threatgraph.vocab import shorten

_PART = re.compile(r"[^\W\d_]+|\d+")
_ROMAN = re.compile(r"m*(?:c[md]|d?c*)(?:x[cl]|l?x*)(?:i[xv]|v?i*)")
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_WORDS = {"art": "article", "arts": "article", "articles": "article", "annexes": "annex", "chapters": "chapter",
          "artcle": "article", "anex": "annex", "annexe": "annex"}  # fmt: skip
#: Words between the parts of a citation: ``Annex III, point 5(b)``.
_FILLERS = frozenset("point points paragraph paragraphs para paras letter subparagraph no number nr".split())
_NUMBERED = ("annex", "chapter", "title")
#: Families of codes that a query may name although no record of the graph has one.
_FAMILIES = [("article",), ("annex",), ("recital",), ("cve",), ("cwe",), ("aiid",), ("aml", "t"), ("aml", "m"),
             ("aml", "cs"), ("llm",), ("asi",), ("pat",)]  # fmt: skip
_EDITION = re.compile(r":(\d{4})$")
_LONGEST_SUFFIX = 2


class Part(NamedTuple):
    """A run of letters or digits in a query, with the signs before it."""

    text: str
    before: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        """Whether it is a run of digits."""
        return self.text.isdecimal()


class Mention(NamedTuple):
    """A code in a query."""

    documents: tuple[int, ...]
    """The records that have it; none if the graph has no such record."""
    start: int
    end: int


@dataclass
class Codes:
    """The codes of the documents.

    Args:
        documents: the documents of the index.
    """

    documents: Sequence[Document]
    _by_key: dict[tuple[str, ...], list[int]] = field(default_factory=lambda: defaultdict(list))
    _by_page: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _by_slug: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    _families: dict[tuple[str, ...], bool] = field(default_factory=lambda: dict.fromkeys(_FAMILIES, True))
    """The letters before the first number of a code, and whether an unknown number after them is reported."""

    def __post_init__(self) -> None:
        for i, document in enumerate(self.documents):
            for code in document.identifiers:
                self._add_code(code, i)
            for slug in _slugs(document.iri):
                self._by_slug[slug].append(i)
            for page in (document.iri, *document.pages):
                self._add_page(page, i)
        known = set(self._by_page)
        for i, document in enumerate(self.documents):
            for page in document.sources:
                if _bare(page) not in known:  # a page about a record is not that of others that cite it
                    self._add_page(page, i)

    def _add_page(self, page: str, document: int) -> None:
        if document not in self._by_page[_bare(page)]:
            self._by_page[_bare(page)].append(document)
        # An id that ends the URL of its page, as those of CVE and ATLAS do, is an identifier, too.
        if re.search(r"/(cve-\d{4}-\d+|aml\.[a-z]+\d+(\.\d+)?)/?$", page, re.IGNORECASE):
            self._add(page.rstrip("/").rpartition("/")[2], document)
        if found := re.search(r"incidentdatabase\.ai/cite/(\d+)/?$", page):
            self._add_code(f"AIID {found[1]}", document)

    def _add_code(self, code: str, document: int) -> None:
        for spelling in _spellings(code):
            self._add(spelling, document, reported=code.startswith(spelling))

    def _add(self, code: str, document: int, *, reported: bool = True) -> None:
        key = tuple(part.text for part in _parts(code))
        if document not in self._by_key[key]:
            self._by_key[key].append(document)
        family = next((i for i, text in enumerate(key) if text.isdecimal()), 0)
        if family:
            self._families[key[:family]] = reported or self._families.get(key[:family], False)

    def exact(self, text: str) -> tuple[int, ...]:
        """Return the documents that a whole query names: by IRI, prefixed name, URL of a page, slug or code."""
        if found := self._by_page.get(_bare(text)):
            return tuple(found)
        # A slug of one word is a word of the language: `microsoft`, `profiling`.
        return tuple(self._by_slug.get(text.strip().lower(), ())) if re.search(r"[-:/]", text) else ()

    def number(self, text: str) -> tuple[int, ...]:
        """Return the documents whose code is a plain number such as ``4.3``."""
        return tuple(self._by_key.get(tuple(part.text for part in _parts(text)), ()))

    def mentions(self, text: str) -> list[Mention]:
        """Return the codes in a text, in order."""
        parts = _parts(text)
        found: list[Mention] = []
        i = 0
        while i < len(parts):
            run = self._run(parts, i)
            if run is None:
                i += 1
                continue
            found.append(run[0])
            i = run[1]
        return found

    def _run(self, parts: Sequence[Part], start: int) -> tuple[Mention, int] | None:
        """The code that begins at a part, and the index after it."""
        for family in sorted(self._families, key=len, reverse=True):
            after = start + len(family)
            if after >= len(parts) or tuple(part.text for part in parts[start:after]) != family:
                continue
            while after < len(parts) - 1 and parts[after].text in _FILLERS:
                after += 1
            if not parts[after].is_number or not _belongs(family, parts[start : after + 1]):
                continue
            found = self._mention(parts, start, after)
            if found[0].documents or self._families[family]:
                return found
        return None

    def _mention(self, parts: Sequence[Part], start: int, number: int) -> tuple[Mention, int]:
        end = number + 1
        while end < len(parts) and _continues(parts, end):
            end += 1
        longest = end
        while end > number:
            key = tuple(part.text for part in parts[start:end] if part.text not in _FILLERS)
            if documents := self._by_key.get(key):
                return Mention(tuple(documents), parts[start].start, parts[end - 1].end), end
            loose = not parts[end - 1].is_number and parts[end - 1].before.isspace()
            if not loose:
                break
            end -= 1
            longest = end
        return Mention((), parts[start].start, parts[longest - 1].end), longest


def _belongs(family: Sequence[str], parts: Sequence[Part]) -> bool:
    """Whether a number follows a short prefix closely: ``A.7`` is a code, and ``a 2024 lawsuit`` is not."""
    return len("".join(family)) > _LONGEST_SUFFIX or not any(part.before.isspace() for part in parts[1:])


def _continues(parts: Sequence[Part], position: int) -> bool:
    part = parts[position]
    if part.text in _FILLERS:
        return position + 1 < len(parts) and (parts[position + 1].is_number or len(parts[position + 1].text) == 1)
    if part.is_number:
        return not part.before.isspace() or len(part.text) <= _LONGEST_SUFFIX
    opened = "(" in part.before or part.before in ("", ".", "-") or parts[position - 1].text in _FILLERS
    last = position == len(parts) - 1 and len(part.text) == 1
    return len(part.text) <= _LONGEST_SUFFIX and (opened or last)


def _parts(text: str) -> list[Part]:
    """The letters and digits of a code; numbers without leading zeros, and those of annexes in digits."""
    found: list[Part] = []
    end = 0
    for match in _PART.finditer(text.lower()):
        word = _WORDS.get(match[0], match[0])
        if word.isdecimal():
            word = str(int(word)) if word.isascii() and len(word) < 20 else word
        elif found and found[-1].text in _NUMBERED and _ROMAN.fullmatch(word):
            word = str(_roman(word))
        found.append(Part(word, text[end : match.start()], match.start(), match.end()))
        end = match.end()
    return found


def _roman(word: str) -> int:
    values = [_VALUES[sign] for sign in word]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _spellings(code: str) -> list[str]:
    """A code and its short forms: without the edition, and without the first part of a code in three parts."""
    found = [code]
    if _EDITION.search(code):
        found.append(_EDITION.sub("", code))
    if code.startswith("AIID "):
        names = ("incident", "incidentdatabase", "incidentdatabase cite", "incident database")
        found += [code.replace("AIID", name) for name in names]
    short = re.sub(r"^(?:AML\.|PAT-|TG-)(?=[A-Z])", "", code)
    if short != code:
        found.append(short)
    return found


def _slugs(iri: str) -> set[str]:
    short = shorten(iri)
    slug = short.partition(":")[2]
    return {short.lower(), slug.lower(), f"{short.partition(':')[0]}/{slug}".lower()}


def _bare(url: str) -> str:
    """A URL without its scheme and final slash, in lower case."""
    return re.sub(r"^https?://(www\.)?", "", url.strip().lower()).rstrip("/#")
