"""The analysis of a query: what it names, what the graph does not hold, and the words to search for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from threatgraph.search.codes import Codes, Mention
from threatgraph.search.documents import Document
from threatgraph.search.index import Index
from threatgraph.search.scoring import Analysis, Term
from threatgraph.search.spelling import Speller
from threatgraph.search.vocabulary import Vocabulary
from threatgraph.search.words import STOP_WORDS, content, name_words, stems, tokens
from threatgraph.vocab import KINDS

_NUMBER = re.compile(r"\(?\d+(?:[.)(]+\w+)*\)?")
_URL = re.compile(r"https?://\S+|[\w-]+:[\w./()-]+", re.IGNORECASE)
_MOST_WORDS = 64
_BEFORE_NUMBER = frozenset("clause control requirement subcategory category risk domain technique mitigation".split())
_KIND_WORD_WEIGHT = 0.35
#: The weight of a word that no document has: nobody knows how rare it is.
_UNKNOWN_WEIGHT = 0.75
_QUESTION = 4
_DEFINITIONS = {(word, verb) for word in ("what", "who") for verb in ("is", "are", "s")}
_QUESTION_WORDS = frozenset("how what which why who whose when where".split())


@dataclass(frozen=True, slots=True)
class Query:
    """A query that has been analyzed."""

    analysis: Analysis
    words: tuple[str, ...] = ()
    """The words to search for, synonyms included."""
    named: tuple[int, ...] = ()
    """The documents that the query names by code, slug or URL."""
    note: str = ""
    refused: bool = False
    """Whether the query asks for something that the graph does not hold."""


_NOTHING = Analysis((), (), ())


@dataclass
class Analyzer:
    """Analyzes queries.

    Args:
        documents: the documents of the index.
        index: the index.
        vocabulary: synonyms and names of frameworks.
        codes: the codes of the documents.
        speller: corrects misspelled words.
    """

    documents: Sequence[Document]
    index: Index
    vocabulary: Vocabulary
    codes: Codes
    speller: Speller
    _held: dict[str, str] = field(default_factory=dict)
    """The labels of the frameworks of the graph, by IRI."""
    _named: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    """The frameworks of the graph, by the words of each of their names."""

    def __post_init__(self) -> None:
        of_graph = [document for document in self.documents if document.kind == "framework"]
        self._held = {document.iri: document.label for document in of_graph}
        for name, slugs in self.vocabulary.frameworks.items():
            iris = [KINDS["framework"].namespace + slug for slug in slugs]
            if held := [iri for iri in iris if iri in self._held]:
                self._named[name] = held
        for document in of_graph:
            for text in document.names:
                self._named.setdefault(tuple(tokens(text)), [document.iri])
        self._absent = [
            absent
            for absent in self.vocabulary.absent
            if not any(_find(name, alias) is not None for name in self._named for alias in absent.aliases)
        ]
        self._in_synonyms = frozenset(stem for term in self.vocabulary.synonyms for stem in term)
        self._longest_first = sorted(filter(None, self._named), key=len, reverse=True)

    def analyze(self, text: str) -> Query:
        """Analyze a query."""
        if named := self.codes.exact(text):
            return Query(_NOTHING, named=named)
        words = tokens(text)
        frameworks, rest = self._frameworks(text)
        if (absent := self._asks_for_absent(words)) and not absent[1]:
            return Query(_NOTHING, note=self._not_held(absent[0]), refused=True)
        if rest and _NUMBER.fullmatch(rest.removeprefix("#")) and (found := self._number(rest, frameworks)):
            return found
        mentions = self.codes.mentions(text)
        for mention in mentions:
            if not mention.documents:
                return self._unknown(_whole(text, mention))
        named = self._chosen(mentions, frameworks)
        if mentions and not named:
            return self._unknown(_whole(text, mentions[0]), self._labels(frameworks))
        if re.match(r"https?://", text, re.IGNORECASE):
            return Query(_NOTHING, note=f"No record of the graph has the page {text}.", refused=True)
        for mention in reversed(mentions):
            text = f"{text[: mention.start]} {text[mention.end :]}"
        return self._by_words(text, frameworks, named)

    def _not_held(self, name: str) -> str:
        held = ", ".join(sorted(re.split(r", | \(", label)[0] for label in self._held.values()))
        return f"{name} is not in the graph." + (f" The frameworks of the graph are: {held}." if held else "")

    @staticmethod
    def _unknown(code: str, where: str = "") -> Query:
        return Query(_NOTHING, note=f"The graph has no {code.strip()}{' in ' + where if where else ''}.", refused=True)

    def _labels(self, frameworks: Sequence[str]) -> str:
        return " or ".join(self._held[iri] for iri in frameworks)

    def _asks_for_absent(self, words: Sequence[str]) -> tuple[str, bool] | None:
        """The framework that a query names and the graph does not hold, and whether it names one of the graph, too."""
        for absent in self._absent:
            for alias in absent.aliases:
                if (start := _find(words, alias)) is not None:
                    rest = [*words[:start], "|", *words[start + len(alias) :]]
                    names = self._named.keys() - self.vocabulary.organizations
                    return absent.name, any(_find(rest, name) is not None for name in names)
        return None

    def _frameworks(self, text: str) -> tuple[list[str], str]:
        """The frameworks of the graph that a query names, and the query without their names."""
        found: list[str] = []
        rest = text
        for name in self._longest_first:
            pattern = r"(?<![\w.])" + r"[\W_]*".join(map(re.escape, name)) + r"(?!\w)"
            if match := re.search(pattern, rest, re.IGNORECASE):
                found += self._named[name]
                rest = f"{rest[: match.start()]} {rest[match.end() :]}"
        words = rest.split()
        while words and words[0].lower() in _BEFORE_NUMBER:
            words = words[1:]
        return list(dict.fromkeys(found)), " ".join(words).strip(" ,:#-")

    def _number(self, rest: str, frameworks: Sequence[str]) -> Query | None:
        """The provisions with a plain number, in the frameworks that the query names."""
        documents = [*self.codes.number(rest), *self.codes.number(f"article {rest}")]
        chosen = [i for i in documents if not frameworks or self.documents[i].facets["framework"] & set(frameworks)]
        if chosen:
            return Query(_NOTHING, named=tuple(dict.fromkeys(chosen)))
        return self._unknown(rest, self._labels(frameworks)) if frameworks else None

    def _chosen(self, mentions: Sequence[Mention], frameworks: Sequence[str]) -> tuple[int, ...]:
        """The documents of the codes; in order of edition, and only in the frameworks that the query names."""
        found: list[int] = []
        for mention in mentions:
            of = [
                i for i in mention.documents
                if not frameworks
                or self.documents[i].kind != "provision"
                or self.documents[i].facets["framework"] & set(frameworks)
            ]  # fmt: skip
            found += sorted(of, key=lambda i: self.documents[i].iri)
        return tuple(dict.fromkeys(found))

    def _by_words(self, text: str, frameworks: Sequence[str], named: tuple[int, ...]) -> Query:
        words = tokens(text)[:_MOST_WORDS]
        rest = tokens(self._frameworks(text)[1])[:_MOST_WORDS] if frameworks else words
        kept = [word for word in rest if word not in STOP_WORDS]
        if not kept:
            if frameworks and not named:
                named = tuple(i for i, document in enumerate(self.documents) if document.iri in frameworks)
            if named:
                return Query(_NOTHING, named=named)
            rest = words
        rest, note = self._corrected(rest)
        terms, phrases, expansions = self._terms(rest)
        kinds = self._kinds(words)
        question = not kinds and _is_question(text, words)
        exact = tuple(name_words(rest))
        defines = tuple(words[:2]) in _DEFINITIONS
        analysis = Analysis(
            terms=tuple(terms),
            phrases=tuple(phrases),
            exact=exact,
            question=question,
            defines=defines,
            kinds=frozenset({"pattern"} if question else kinds),
            frameworks=frozenset(frameworks),
        )
        return Query(analysis, tuple(dict.fromkeys([*name_words(rest), *expansions])), named, note)

    def _kinds(self, words: Sequence[str]) -> set[str]:
        """The kinds of record that the words indicate."""
        roots = stems(words)
        return {kind for cue, kind in self.vocabulary.kinds.items() if _find(roots, cue) is not None}

    def _corrected(self, words: Sequence[str]) -> tuple[list[str], str]:
        corrected: dict[str, str] = {}
        for word, stem in zip(words, stems(words), strict=True):
            known = word in STOP_WORDS or stem in self._in_synonyms or self.index.frequency(stem)
            if not known and (better := self.speller.correct(word)):
                corrected[word] = better
        changed = ", ".join(f"{better!r} for {word!r}" for word, better in corrected.items())
        note = f"Showing results with {changed}." if corrected else ""
        return [corrected.get(word, word) for word in words], note

    def _terms(self, words: Sequence[str]) -> tuple[list[Term], list[tuple[str, ...]], list[str]]:
        """The terms of a query, the phrases that may be names, and the words of the synonyms."""
        roots = stems(words)
        longest = max(map(len, self.vocabulary.synonyms), default=0)
        terms: list[Term] = []
        expansions: list[str] = []
        plain = tuple(stem for stem, word in zip(roots, words, strict=True) if word not in STOP_WORDS) or tuple(roots)
        phrases = [tuple(stems(name_words(words)))]
        i = 0
        while i < len(roots):
            for length in range(min(longest, len(roots) - i), 0, -1):
                if means := self.vocabulary.synonyms.get(tuple(roots[i : i + length])):
                    break
            else:
                means, length = (), 1
            span = tuple(roots[i : i + length])
            own = tuple(
                s
                for s, w in zip(span, words[i : i + length], strict=True)
                if w not in STOP_WORDS or len(plain) == len(roots)
            )
            if own or means:
                others = [tuple(stems(content(other))) for other in means]
                named = [tuple(stems(name_words(other))) for other in means]
                terms.append(Term((own or span, *others), self._weight(own or span, others)))
                expansions += [word for other in means for word in content(other)]
                phrases += named if own == plain or span == tuple(roots) else []
            i += length
        return terms, phrases, expansions

    def _weight(self, stems_: Sequence[str], others: Sequence[Sequence[str]]) -> float:
        """How rare the rarest word is, from 0 to 1."""
        total = len(self.documents) or 1
        if not others and not any(map(self.index.frequency, stems_)):
            return _UNKNOWN_WEIGHT
        words = stems_ if not others or any(map(self.index.frequency, stems_)) else others[0]
        weight = max(math.log1p(total / (self.index.frequency(s) + 0.5)) for s in words) / math.log1p(total / 0.5)
        return weight * (_KIND_WORD_WEIGHT if tuple(stems_) in self.vocabulary.kinds else 1.0)


def _is_question(text: str, words: Sequence[str]) -> bool:
    return len(words) >= _QUESTION and (words[0] in _QUESTION_WORDS or text.rstrip().endswith("?"))


def _whole(text: str, mention: Mention) -> str:
    """A code as the query has it, with its closing bracket."""
    end = mention.end + (text[mention.end : mention.end + 1] == ")")
    return text[mention.start : end]


def _find(words: Sequence[str], phrase: Sequence[str]) -> int | None:
    """The position of a phrase in a text."""
    size = len(phrase)
    return next((i for i in range(len(words) - size + 1) if tuple(words[i : i + size]) == tuple(phrase)), None)
