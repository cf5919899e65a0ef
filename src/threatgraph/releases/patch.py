"""The change list as an RDF Patch without header: ``D`` lines for the removed statements, ``A`` lines for the added.

A patch has all statements that differ, those that are derived and those of bookkeeping included, so that the old state
becomes the new one exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from threatgraph.rdf.ntriples import to_lines
from threatgraph.releases.model import ReleaseDiff
from threatgraph.releases.sentences import proposal


def to_patch(found: ReleaseDiff) -> str:
    """Write the statements that differ, sorted, after a comment with the proposed version step.

    Args:
        found: the change list.
    """
    lines = [f"# {proposal(found)}", *_lines("D", found.removed), *_lines("A", found.added)]
    return "\n".join(lines) + "\n"


def _lines(operation: str, triples: Iterable[ox.Triple]) -> Iterator[str]:
    # Only a line feed ends a line: other line ends of Unicode can be part of a literal.
    return (f"{operation} {line}" for line in sorted(to_lines(triples).decode().split("\n")) if line)
