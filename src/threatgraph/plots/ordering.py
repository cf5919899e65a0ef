"""Orders the two columns of a bipartite graph to reduce crossings.

The barycenter method of Sugiyama, Tagawa and Toda 1981 (Methods for visual understanding of hierarchical system
structures, IEEE Transactions on Systems, Man, and Cybernetics 11 (2)) sorts each column by the mean position of the
neighbors, one column after the other. Here the nodes of the left column stay in their group. The available libraries
have the method only without groups.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy

T = TypeVar("T", bound=Hashable)

_ROUNDS = 24


def crossings(left: Sequence[T], right: Sequence[T], links: Mapping[T, Sequence[T]]) -> int:
    """Count the pairs of lines that cross if the columns have the given orders."""
    index = _indexes(right)
    ends = [(number, index[other]) for number, node in enumerate(left) for other in links.get(node, ())]
    if not ends:
        return 0
    starts, stops = numpy.array(ends).T
    return sum(
        int(numpy.count_nonzero((starts > start) & (stops < stop))) for start, stop in zip(starts, stops, strict=True)
    )


def order_columns(
    groups: Sequence[Sequence[T]], right: Sequence[T], links: Mapping[T, Sequence[T]]
) -> tuple[list[list[T]], list[T]]:
    """Order the columns of a bipartite graph.

    Args:
        groups: the nodes of the left column in groups; nodes with equal means keep their order.
        right: the nodes of the right column.
        links: for nodes of the left column, the nodes of the right column that they are linked to.

    Returns:
        The groups and the right column, in the order with the fewest crossings of all rounds.
    """
    back = _reversed(groups, right, links)
    current, column = [list(group) for group in groups], list(right)
    best = (crossings(_flat(current), column, links), current, column)
    for _ in range(_ROUNDS):
        column = _by_mean(column, back, _flat(current))
        current = _order_groups([_by_mean(group, links, column) for group in current], links, column)
        number = crossings(_flat(current), column, links)
        if number < best[0]:
            best = (number, current, column)
    return best[1], best[2]


def _flat(groups: Sequence[Sequence[T]]) -> list[T]:
    return [node for group in groups for node in group]


def _indexes(nodes: Sequence[T]) -> dict[T, int]:
    return {node: index for index, node in enumerate(nodes)}


def _reversed(groups: Sequence[Sequence[T]], right: Sequence[T], links: Mapping[T, Sequence[T]]) -> dict[T, list[T]]:
    """For each node of the right column, the nodes that are linked to it."""
    back: dict[T, list[T]] = {node: [] for node in right}
    for node in _flat(groups):
        for other in links.get(node, ()):
            back[other].append(node)
    return back


def _order_groups(groups: Sequence[list[T]], links: Mapping[T, Sequence[T]], column: Sequence[T]) -> list[list[T]]:
    """Sort the groups by the mean position of all their neighbors."""
    index = _indexes(column)

    def mean(number: int) -> float:
        ends = [index[other] for node in groups[number] for other in links.get(node, ())]
        return sum(ends) / len(ends) if ends else float(number)

    return [groups[number] for number in sorted(range(len(groups)), key=lambda number: (mean(number), number))]


def _by_mean(nodes: Sequence[T], links: Mapping[T, Sequence[T]], others: Sequence[T]) -> list[T]:
    """Sort nodes by the mean position of their neighbors; a node without any stays at its relative position."""
    index = _indexes(others)
    scale = max(len(others) - 1, 1) / max(len(nodes) - 1, 1)

    def mean(number: int) -> float:
        ends = [index[other] for other in links.get(nodes[number], ())]
        return sum(ends) / len(ends) if ends else number * scale

    return [nodes[number] for number in sorted(range(len(nodes)), key=mean)]
