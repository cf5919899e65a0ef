"""``sh:pattern`` with the regular expressions of XPath, and ``sh:languageIn`` with language ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import rdflib
from pyshacl.constraints.core.string_based_constraints import (
    LanguageInConstraintComponent,
    PatternConstraintComponent,
    StringBasedConstraintBase,
)
from rdflib.namespace import SH
from rdflib.term import Node

from threatgraph.validate.evaluation.components.base import ByValue
from threatgraph.validate.shapes.regex import compile_pattern


class Pattern(ByValue, PatternConstraintComponent):
    """``sh:pattern`` (SHACL, section 4.4.3), which is the function ``regex`` of SPARQL."""

    def __init__(self, shape: Any) -> None:
        StringBasedConstraintBase.__init__(self, shape)  # not that of the component, which compiles for Python
        self.string_rules = sorted(shape.objects(SH.pattern))
        flags = "".join(sorted(map(str, shape.objects(SH.flags))))
        self._compiled = [compile_pattern(str(pattern), flags) for pattern in self.string_rules]

    def violations(self, data: rdflib.Graph, focus: Node, values: Iterable[Node]) -> Iterator[Node]:
        """The values without a match, once for each pattern; a blank node has no text that could match."""
        for value in values:
            blank = isinstance(value, rdflib.BNode)
            yield from (value for pattern in self._compiled if blank or not pattern.search(str(value)))


class LanguageIn(ByValue, LanguageInConstraintComponent):
    """``sh:languageIn`` (SHACL, section 4.4.4), which is the function ``langMatches`` of SPARQL."""

    def violations(self, data: rdflib.Graph, focus: Node, values: Iterable[Node]) -> Iterator[Node]:
        """The values without a language that one of the ranges matches."""
        ranges = [str(member) for member in self.shape.sg.graph.items(self.string_rules[0])]
        for value in values:
            tag = value.language if isinstance(value, rdflib.Literal) else None
            if not tag or not any(matches_range(tag, wanted) for wanted in ranges):
                yield value


def matches_range(tag: str, wanted: str) -> bool:
    """Whether a language tag is in a language range: basic filtering (RFC 4647, section 3.3.1)."""
    tag, wanted = tag.lower(), wanted.lower()
    return wanted == "*" or tag == wanted or tag.startswith(f"{wanted}-")


COMPONENTS: tuple[Any, ...] = (Pattern, LanguageIn)
