"""``sh:pattern`` with regular expressions of XPath, and ``sh:languageIn`` with language ranges."""

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
    """``sh:pattern`` (SHACL, section 4.4.3), with the SPARQL function ``regex``."""

    def __init__(self, shape: Any) -> None:
        StringBasedConstraintBase.__init__(self, shape)  # the component compiles the pattern for Python
        self.string_rules = sorted(shape.objects(SH.pattern))
        flags = "".join(sorted(map(str, shape.objects(SH.flags))))
        self._compiled = [compile_pattern(str(pattern), flags) for pattern in self.string_rules]

    def violations(self, data: rdflib.Graph, focus: Node, values: Iterable[Node]) -> Iterator[Node]:
        """The values without a match, once per pattern; a blank node never matches."""
        for value in values:
            blank = isinstance(value, rdflib.BNode)
            yield from (value for pattern in self._compiled if blank or not pattern.search(str(value)))


class LanguageIn(ByValue, LanguageInConstraintComponent):
    """``sh:languageIn`` (SHACL, section 4.4.4), with the SPARQL function ``langMatches``."""

    def violations(self, data: rdflib.Graph, focus: Node, values: Iterable[Node]) -> Iterator[Node]:
        """The values whose language tag matches none of the ranges."""
        ranges = [str(member) for member in self.shape.sg.graph.items(self.string_rules[0])]
        for value in values:
            tag = value.language if isinstance(value, rdflib.Literal) else None
            if not tag or not any(matches_range(tag, expected) for expected in ranges):
                yield value


def matches_range(tag: str, language_range: str) -> bool:
    """Whether a language tag matches a language range by basic filtering (RFC 4647, section 3.3.1)."""
    tag, prefix = tag.lower(), language_range.lower()
    return prefix == "*" or tag == prefix or tag.startswith(f"{prefix}-")


COMPONENTS: tuple[Any, ...] = (Pattern, LanguageIn)
