"""Orders the two columns of a bipartite graph so that few of its lines cross.

The barycentre method of Sugiyama, Tagawa and Toda 1981 (Methods for visual understanding of hierarchical system
structures, IEEE Transactions on Systems, Man, and Cybernetics 11 (2)): each node goes to the mean place of its
neighbours, column after column. Here the nodes of the left column stay with their group. The libraries at hand have
the method without groups only.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy

T = TypeVar("T", bound=Hashable)

_ROUNDS = 24


def crossings(left: Sequence[T], right: Sequence[T], links: Mapping[T, Sequence[T]]) -> int:
    """The number of pairs of lines that cross when both columns stand in the given orders."""
    place = {node: number for number, node in enumerate(right)}
    ends = [(number, place[other]) for number, node in enumerate(left) for other in links.get(node, ())]
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
        groups: the nodes of the left column, group by group; equal means keep the order in which they are given.
        right: the nodes of the right column.
        links: for nodes of the left column, the nodes of the right one that they are linked to.

    Returns:
        The groups and the right column, in the order with the fewest crossings that was met on the way.
    """
    back: dict[T, list[T]] = {node: [] for node in right}
    for group in groups:
        for node in group:
            for other in links.get(node, ()):
                back[other].append(node)
    current, column = [list(group) for group in groups], list(right)
    best = (crossings([node for group in current for node in group], column, links), current, column)
    for _ in range(_ROUNDS):
        column = _by_mean(column, back, [node for group in current for node in group])
        current = [_by_mean(group, links, column) for group in current]
        means = {
            place: _mean([other for node in group for other in links.get(node, ())], column, place)
            for place, group in enumerate(current)
        }
        current = [current[place] for place in sorted(means, key=lambda place: (means[place], place))]
        number = crossings([node for group in current for node in group], column, links)
        if number < best[0]:
            best = (number, current, column)
    return best[1], best[2]


def _by_mean(nodes: Sequence[T], links: Mapping[T, Sequence[T]], others: Sequence[T]) -> list[T]:
    place = {node: number for number, node in enumerate(others)}
    scale = max(len(others) - 1, 1) / max(len(nodes) - 1, 1)
    means = {
        node: sum(place[other] for other in links.get(node, ())) / len(links[node])
        if links.get(node)
        else number * scale
        for number, node in enumerate(nodes)
    }
    return sorted(nodes, key=lambda node: means[node])


def _mean(ends: Sequence[T], column: Sequence[T], otherwise: float) -> float:
    place = {node: number for number, node in enumerate(column)}
    return sum(place[end] for end in ends) / len(ends) if ends else float(otherwise)
