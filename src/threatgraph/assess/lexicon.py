"""Reads the lexicons of facts, and finds their phrases in a sentence.

What is read is kept beside the cached graph (:func:`restore`), so that a command need not parse the files again.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from threatgraph.assess.keywords import keywords
from threatgraph.resources import installed_root
from threatgraph.store import Store
from threatgraph.store.disk.kept import file_stamps, keeps, kept, stamps

#: The greatest distance of the parts of a phrase that are joined by ``~``, in characters.
_NEAR = 70
#: What is between two sentences in which a phrase is searched together; it ends the reach of a negation.
BETWEEN = "; "
#: The number of occurrences of each part of a phrase that are combined.
_MOST = 6
_MACRO = re.compile(r"\{([a-z]+)\}")
_CAPITAL = re.compile(r"(?<!\\)[A-Z]")
#: What may be between two parts within parentheses.
_FOLLOWS = r"\W(?:.{0,60}?\W)?"

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase: parts that a sentence must have, near one another or anywhere in it."""

    parts: tuple[tuple[str, bool], ...]
    """The expression of each part, and whether it must be near the part before it."""

    def find(self, sentence: str, following: str | None = None) -> Iterator[tuple[Span, ...]]:
        """Yield the places of the parts of each occurrence, the closest first.

        Args:
            sentence: a sentence in lower case, which is faster to search than one with both.
            following: the sentence after it, in which some of the parts may be. Their places are counted on from the
                first sentence, with :data:`BETWEEN` between both.
        """
        places: list[tuple[Span, ...]] = []
        shift = len(sentence) + len(BETWEEN)
        for piece, _ in self.parts:
            found = _places(piece, sentence)
            if following is not None:
                found += tuple((start + shift, end + shift) for start, end in _places(piece, following))
            if not found:
                return
            places.append(found)
        combined = [spans for spans in itertools.product(*places) if self._allowed(spans)]
        yield from sorted(combined, key=lambda spans: (max(e for _, e in spans) - min(s for s, _ in spans), spans))

    def _allowed(self, spans: Sequence[Span]) -> bool:
        for i in range(1, len(spans)):
            (start, end), (other, other_end) = spans[i - 1], spans[i]
            gap = max(other - end, start - other_end)
            if gap < 0 or (self.parts[i][1] and gap > _NEAR):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact that a description may state, and the phrases that state it."""

    name: str
    value: str
    phrases: tuple[Phrase, ...]


#: What :func:`restore` read: the files by name, the facts, and the keywords of expressions. Empty until then.
_restored: dict[str, Any] = {}


def restore(store: Store) -> None:
    """Read what an earlier command read from the lexicons, or else read them and keep the result.

    It does nothing for a store beside which nothing is kept; the files are then read when they are needed.

    Args:
        store: the graph.
    """
    if not _restored and keeps(store):
        files = sorted(_folder().rglob("*.toml"))
        _restored.update(
            kept(
                store,
                "lexicon",
                lambda: "\n".join((sys.version, file_stamps(Path(__file__).parent), stamps(files))),
                lambda: _read_all(files),
                lambda found: json.dumps(found, ensure_ascii=False).encode(),
                lambda content: json.loads(bytes(content)),
            )
        )


def _read_all(files: Sequence[Path]) -> dict[str, Any]:
    pieces = {piece for entry in entries() for phrase in entry.phrases for piece, _ in phrase.parts}
    return {
        "files": {str(file.relative_to(_folder()).with_suffix("")): _parsed(file) for file in files},
        "entries": [[entry.name, entry.value, [phrase.parts for phrase in entry.phrases]] for entry in entries()],
        "keywords": {piece: keywords(piece) for piece in sorted(pieces)},
    }


@cache
def load(name: str) -> dict[str, Any]:
    """Read a data file of the assessment.

    Args:
        name: the name of the file without its ending, such as ``rules`` or ``uses/work``.
    """
    found: dict[str, Any] | None = _restored.get("files", {}).get(name)
    return _parsed(_folder() / f"{name}.toml") if found is None else found


def _parsed(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _folder() -> Path:
    return installed_root() / "data" / "assessment"


@cache
def _lexicons() -> tuple[dict[str, Any], ...]:
    """The files with facts: one for each area of use, and the context."""
    uses = sorted(path.stem for path in (_folder() / "uses").glob("*.toml"))
    return (*(load(f"uses/{name}") for name in uses), load("context"))


@cache
def entries() -> tuple[Entry, ...]:
    """Return the facts that can be recognized."""
    if _restored:
        return tuple(
            Entry(name, value, tuple(Phrase(tuple((piece, near) for piece, near in parts)) for parts in phrases))
            for name, value, phrases in _restored["entries"]
        )
    common: dict[str, str] = load("phrases")["macros"]
    return tuple(
        Entry(fact["name"], fact["value"], tuple(_phrase(text, macros) for text in fact["match"]))
        for lexicon in _lexicons()
        for macros in [{**common, **lexicon.get("macros", {})}]
        for fact in lexicon["fact"]
    )


@cache
def derivations() -> tuple[tuple[str, str, str], ...]:
    """Return the facts that follow from others: name, value and condition."""
    return tuple(
        (rule["name"], rule["value"], rule["if"]) for lexicon in _lexicons() for rule in lexicon.get("derive", ())
    )


@cache
def expression(name: str) -> re.Pattern[str]:
    """Return the regular expression of a list in the data on sentences.

    Args:
        name: the name of the list, such as ``aside``.
    """
    return re.compile("|".join(load("sentences")[name]), re.IGNORECASE)


def _phrase(text: str, macros: dict[str, str]) -> Phrase:
    parts: list[tuple[str, bool]] = []
    near = False
    lowered = _CAPITAL.sub(lambda match: match[0].lower(), _MACRO.sub(lambda match: macros[match[1]], text))
    for piece in _pieces(lowered):
        if piece in ("~", "&"):
            near = piece == "~"
        else:
            parts.append((piece, near))
    return Phrase(tuple(parts))


@cache
def _keywords(piece: str) -> tuple[str, ...]:
    """The words that a sentence must have for a part of a phrase to be in it."""
    return tuple(_restored["keywords"][piece]) if _restored else keywords(piece)


@cache
def _compiled(piece: str) -> re.Pattern[str]:
    """The expression of a part of a phrase, compiled at first use: most sentences lack the words of most parts."""
    return re.compile(rf"(?<!\w)(?=\w)(?:{piece})")


@lru_cache(maxsize=32_768)
def _places(piece: str, sentence: str) -> tuple[Span, ...]:
    """The first places of a part in a sentence in lower case, kept for the other phrases that have it."""
    required = _keywords(piece)
    if required and not any(word in sentence for word in required):
        return ()
    return tuple(match.span() for match in itertools.islice(_compiled(piece).finditer(sentence), _MOST))


def _pieces(text: str) -> Iterator[str]:
    """Split a phrase at its operators. Within parentheses, ``A ~ B`` means that B follows A."""
    depth, piece = 0, ""
    for token in re.split(r"( [~&] |[()])", text):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token in (" ~ ", " & ") and not depth:
            yield piece
            yield token.strip()
            piece = ""
        else:
            piece += _FOLLOWS if token in (" ~ ", " & ") else token
    yield piece
