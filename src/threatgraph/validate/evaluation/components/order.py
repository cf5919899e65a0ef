"""The components that compare values: limits (SHACL, section 4.3), ``sh:lessThan`` and ``sh:lessThanOrEquals``.

They use the operators of SPARQL, so a value that cannot be compared violates the constraint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import rdflib
from pyshacl.constraints.core import property_pair_constraints as pairs
from pyshacl.constraints.core import value_range_constraints as limits
from rdflib.term import Node

from threatgraph.validate.evaluation.components.base import ByValue, datatype_of
from threatgraph.validate.evaluation.components.xsd import order, read_value

_Test = Callable[[int], bool]


def compare(one: Node, other: Node) -> int | None:
    """Compare two terms: negative, zero or positive; ``None`` if SPARQL cannot compare them."""
    if not isinstance(one, rdflib.Literal) or not isinstance(other, rdflib.Literal):
        return None
    values = [read_value(str(datatype_of(term)), str(term)) for term in (one, other)]
    return None if values[0] is None or values[1] is None else order(values[0], values[1])


class _Limited(ByValue):
    """Compares each value with the limits of a shape."""

    allows: _Test

    def violations(self, data: rdflib.Graph, focus: Node, values: Iterable[Node]) -> Iterator[Node]:
        """The values that are not within a limit, once per limit."""
        limits = sorted(self.shape.objects(self.constraint_parameters()[0]))
        for value in values:
            yield from (value for limit in limits if not _holds(self.allows, compare(value, limit)))


class _Paired(ByValue):
    """Compares each value with the values of other properties."""

    allows: _Test

    def violations(self, data: rdflib.Graph, focus: Node, values: Iterable[Node]) -> Iterator[Node]:
        """The values that are not in order with a value of a property, once per pair."""
        properties = sorted(self.shape.objects(self.constraint_parameters()[0]))
        others = [other for prop in properties for other in data.objects(focus, prop)]
        for value in values:
            yield from (value for other in others if not _holds(self.allows, compare(value, other)))


def _holds(test: _Test, found: int | None) -> bool:
    return found is not None and test(found)


class MinExclusive(_Limited, limits.MinExclusiveConstraintComponent):
    """``sh:minExclusive``."""

    allows = staticmethod(lambda found: found > 0)


class MinInclusive(_Limited, limits.MinInclusiveConstraintComponent):
    """``sh:minInclusive``."""

    allows = staticmethod(lambda found: found >= 0)


class MaxExclusive(_Limited, limits.MaxExclusiveConstraintComponent):
    """``sh:maxExclusive``."""

    allows = staticmethod(lambda found: found < 0)


class MaxInclusive(_Limited, limits.MaxInclusiveConstraintComponent):
    """``sh:maxInclusive``."""

    allows = staticmethod(lambda found: found <= 0)


class LessThan(_Paired, pairs.LessThanConstraintComponent):
    """``sh:lessThan``."""

    allows = staticmethod(lambda found: found < 0)


class LessThanOrEquals(_Paired, pairs.LessThanOrEqualsConstraintComponent):
    """``sh:lessThanOrEquals``."""

    allows = staticmethod(lambda found: found <= 0)


COMPONENTS: tuple[Any, ...] = (MinExclusive, MinInclusive, MaxExclusive, MaxInclusive, LessThan, LessThanOrEquals)
