"""A part of the bundled files that has all that occurs in them, for programs that take long to read the whole."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from zlib import crc32

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from threatgraph import ThreatGraph, resources
from threatgraph.vocab import RDF_TYPE

#: The folders of which only a part is taken: files with something new, and one of so many others.
_LARGE = {"actors", "frameworks", "incidents", "mapping-sets", "patterns"}
_ONE_IN = 16
#: Records that tests ask for by name.
_NAMED = tuple(
    f"{name}.ttl"
    for name in (
        *("strategic-misalignment", "goal-drift"),
        *("bing-chat-threatens-its-users", "samsung-chatgpt-data-leak"),
    )
)


@cache
def excerpt() -> tuple[Path, ...]:
    """Files with each property of each class and each kind of value, and a sample of the others.

    A record that is added seldom changes which of the other files are chosen.
    """
    seen: set[tuple[str, ...]] = set()
    chosen: list[Path] = []
    for file in resources.bundled_files():
        features = _features([quad.triple for quad in parse(path=str(file), format=RdfFormat.TURTLE)])
        if features - seen or file.name in _NAMED or _is_sampled(file.relative_to(resources.root())):
            chosen.append(file)
            seen |= features
    return tuple(chosen)


def _is_sampled(file: Path) -> bool:
    return not _LARGE & set(file.parts) or crc32(file.as_posix().encode()) % _ONE_IN == 0


def open_excerpt(data: Sequence[Path] = ()) -> ThreatGraph:
    """The graph that :meth:`ThreatGraph.open` would give if the excerpt were all of the bundled files."""
    files = excerpt()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resources, "bundled_files", lambda: list(files))
        return ThreatGraph.open(data)


def _features(triples: list[Triple]) -> set[tuple[str, ...]]:
    """Each property with the class that has it, and with the kind of its value."""
    classes: dict[str, list[str]] = {}
    for triple in triples:
        if triple.predicate.value == RDF_TYPE and isinstance(triple.object, NamedNode):
            classes.setdefault(str(triple.subject), []).append(triple.object.value)
    found: set[tuple[str, ...]] = set()
    for triple in triples:
        value, name = triple.object, triple.predicate.value
        kind = value.datatype.value if isinstance(value, Literal) else "resource"
        found.add((name, kind))
        found |= {(name, cls) for cls in classes.get(str(triple.subject), ())}
    return found
