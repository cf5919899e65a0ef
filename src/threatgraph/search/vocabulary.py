"""The vocabulary of queries: synonyms, names of frameworks, and words that name a kind of record, from TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from threatgraph import resources
from threatgraph.errors import InvalidFile
from threatgraph.search.words import stems_of, tokens

_FOLDER = "search"


@dataclass(frozen=True, slots=True)
class Absent:
    """A law, standard or framework that the bundled graph does not hold."""

    name: str
    aliases: tuple[tuple[str, ...], ...]
    """The words of each of its names."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What is known about the words of queries."""

    synonyms: Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]]
    """The stems of a term, and the words of each term with the same meaning."""
    kinds: Mapping[tuple[str, ...], str]
    """The stems of a word or phrase, and the kind of record that it asks for."""
    frameworks: Mapping[tuple[str, ...], tuple[str, ...]]
    """The words of a name of a framework, and the slugs of the editions that it names."""
    organizations: frozenset[tuple[str, ...]]
    """The names in :attr:`frameworks` that are names of publishers, which have further frameworks."""
    absent: tuple[Absent, ...]


def load_vocabulary() -> Vocabulary:
    """Load the vocabulary that is bundled with the data.

    Raises:
        InvalidFile: if a file is missing or is not valid.
    """
    return _load(resources.data_dir() / _FOLDER)


@cache
def _load(folder: Path) -> Vocabulary:
    terms, names = _read(folder / "synonyms.toml"), _read(folder / "frameworks.toml")
    synonyms: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
    for entry in terms["synonym"]:
        means = tuple(tuple(tokens(text)) for text in entry["means"])
        for term in entry["terms"]:
            key = tuple(stems_of(term))
            synonyms[key] = tuple(dict.fromkeys([*synonyms.get(key, ()), *means]))
    return Vocabulary(
        synonyms=synonyms,
        kinds={tuple(stems_of(cue)): kind for kind, cues in terms["kinds"].items() for cue in cues},
        frameworks={
            tuple(tokens(name)): tuple(entry["editions"]) for entry in names["held"] for name in entry["names"]
        },
        organizations=frozenset(
            tuple(tokens(name)) for entry in names["held"] if entry.get("organization") for name in entry["names"]
        ),
        absent=tuple(Absent(entry["name"], _aliases(entry["names"])) for entry in names["absent"]),
    )


def _aliases(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(tokens(name)) for name in names)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidFile(str(file), f"not a valid TOML file ({error}); reinstall threatgraph.") from error
