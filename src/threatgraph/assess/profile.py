"""Reads a system profile: a small YAML or Turtle file with facts about a system and answers to questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threatgraph.assess.facts import extract
from threatgraph.assess.lexicon import entries
from threatgraph.assess.model import Fact
from threatgraph.assess.questions import answer, catalog
from threatgraph.errors import InvalidFile, InvalidQuery, UnknownName

#: Keys that hold text, in which facts are looked for as in a description.
TEXTS = ("description", "purpose", "deployment", "region", "lifecycle")
#: Keys with values from a list, by the name of the fact that they state.
FACTS = {
    "sector": "sector",
    "people": "people",
    "role": "role",
    "data": "data",
    "model": "model",
    "autonomy": "autonomy",
    "use": "use",
    "product": "product",
    "setting": "setting",
}
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Profile:
    """A system profile."""

    title: str | None
    text: str
    """The texts of the profile, in which facts are looked for."""
    facts: tuple[Fact, ...]
    answered: frozenset[str]
    """The questions that it answers."""


def known_keys() -> tuple[str, ...]:
    """Return the keys of a profile: the title, texts, lists of values, and the questions."""
    questions = [question["id"] for question in catalog()]
    return tuple(dict.fromkeys(("title", *TEXTS, *FACTS, *questions)))


def read_profile(source: str | Path | Mapping[str, Any]) -> Profile:
    """Read a profile.

    Args:
        source: a mapping, or the path of a YAML or Turtle file. In Turtle, the subject of ``tg:purpose`` or of any
            property named like a key is the system.

    Raises:
        InvalidFile: if the file cannot be read, is too large or is not a mapping.
        UnknownName: for an unknown key or value; the message names the nearest.
    """
    if isinstance(source, Mapping):
        return _profile(source, "the profile")
    return _profile(read_values(source), str(source))


def read_values(source: str | Path) -> Mapping[str, Any]:
    """Read the keys and values of a profile from a YAML or Turtle file, unchecked.

    Args:
        source: the path of the file.

    Raises:
        InvalidFile: if the file cannot be read, is too large or is not a mapping.
    """
    return parse_values(_read(Path(source)), str(source))


def parse_values(text: str, name: str) -> Mapping[str, Any]:
    """Read the keys and values of a profile from the content of a YAML or Turtle file, unchecked.

    Args:
        text: the content.
        name: the name of the file, whose extension is that of Turtle or of YAML.

    Raises:
        InvalidFile: if it cannot be parsed or is not a mapping.
    """
    is_turtle = Path(name).suffix.lower() in (".ttl", ".turtle")
    return _from_turtle(name, text) if is_turtle else _from_yaml(name, text)


def known_values() -> dict[str, tuple[str, ...]]:
    """Return the values that each key with values from a list knows, in the order of the lexicons."""
    found: dict[str, dict[str, None]] = {key: {} for key in FACTS}
    keys = {name: key for key, name in FACTS.items()}
    for entry in entries():
        if entry.name in keys:
            found[keys[entry.name]].setdefault(entry.value)
    return {key: tuple(values) for key, values in found.items()}


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidFile(str(path), f"cannot be read: {error.strerror or error}.") from error
    if len(data) > _LARGEST:
        raise InvalidFile(str(path), f"a profile has at most {_LARGEST:,} bytes; this file has {len(data):,}.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidFile(str(path), "is not UTF-8 text.") from error


def _from_yaml(name: str, text: str) -> Mapping[str, Any]:
    import yaml

    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "cannot be parsed"
        raise InvalidFile(
            name,
            f"is not valid YAML: {problem}.",
            mark.line + 1 if mark else None,
            mark.column + 1 if mark else None,
        ) from error
    if not isinstance(loaded, Mapping):
        raise InvalidFile(name, f"a profile is a mapping with keys such as {', '.join(known_keys()[:6])}.")
    return loaded


def _from_turtle(file: str, text: str) -> Mapping[str, Any]:
    import pyoxigraph

    values: dict[str, list[str]] = {}
    try:
        for quad in pyoxigraph.parse(text.encode(), format=pyoxigraph.RdfFormat.TURTLE):
            name = str(getattr(quad.predicate, "value", "")).replace("#", "/").rpartition("/")[2]
            if name == "type":
                continue
            value = str(getattr(quad.object, "value", quad.object))
            is_iri = isinstance(quad.object, pyoxigraph.NamedNode)
            values.setdefault(_KEYS.get(name, name), []).append(value.rpartition("/")[2] if is_iri else value)
    except SyntaxError as error:
        raise InvalidFile(file, f"is not valid Turtle: {error.msg}.", error.lineno, error.offset) from error
    return {key: found[0] if len(found) == 1 else found for key, found in values.items()}


#: Keys of properties of other vocabularies, and of properties in camel case.
_KEYS = {
    "prefLabel": "title",
    "label": "title",
    **{
        "".join(part.capitalize() if i else part for i, part in enumerate(question["id"].split("-"))): question["id"]
        for question in catalog()
    },
}


def _profile(values: Mapping[str, Any], where: str) -> Profile:
    keys = known_keys()
    ids = {question["id"]: question for question in catalog()}
    facts: list[Fact] = []
    texts: list[str] = []
    answered: set[str] = set()
    title = None
    for raw, value in values.items():
        key = str(raw).strip().lower().replace("_", "-")
        if key not in keys:
            raise UnknownName(f"key in {where}", str(raw), keys, f"The keys are {', '.join(keys)}.")
        if value is None or value == "":
            continue
        if key == "title":
            title = str(value).strip()
        elif key in TEXTS:
            texts += _texts(value, key)
        elif key in ids and (key != "role" or str(value).strip().lower() in ids[key]["options"]):
            facts += answer(ids[key], _option(ids[key], value))
            answered.add(key)
        else:
            facts += _facts(FACTS[key], _texts(value, key), key)
            answered |= {key} & {"role"}
    return Profile(title, "\n\n".join(texts), tuple(facts), frozenset(answered))


def _texts(value: Any, key: str) -> list[str]:
    items = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(item, Mapping | list) for item in items):
        raise InvalidQuery(f"the value of {key!r} must be text or a list of texts.")
    return [str(item).strip() for item in items if str(item).strip()]


def _option(question: dict[str, Any], value: Any) -> str:
    """The option that a value names; YAML reads ``yes`` and ``no`` as Booleans, and Turtle has its own."""
    text = str(value).strip().lower()
    text = {"true": "yes", "false": "no"}.get(text, text)
    options: list[str] = question["options"]
    for option in options:
        if text == option.lower():
            return option
    raise UnknownName(f"answer to {question['id']}", str(value), options, f"The answers are {', '.join(options)}.")


def _facts(name: str, texts: Iterable[str], key: str) -> list[Fact]:
    """The facts of a key: a known value, or what the text says."""
    known = {entry.value for entry in entries() if entry.name == name}
    found = []
    for text in texts:
        plain = text.lower().replace("_", " ").strip()
        value = next((v for v in sorted(known) if plain in (v.lower(), v.lower().replace("-", " "))), None)
        if value is not None:
            found.append(Fact(name, value, "profile"))
            continue
        stated = [Fact(f.name, f.value, "profile", negated=f.negated) for f in extract(text) if f.name == name]
        if not stated:
            raise UnknownName(f"value of {key}", text, known, f"The values are {', '.join(sorted(known))}.")
        found += stated
    return found
