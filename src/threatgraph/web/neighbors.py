"""The neighbors of a record: the records that it links to and those that link to it, by relation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from threatgraph.arrangement import Entry, arrange
from threatgraph.headings import NAMED, PROVENANCE, heading, inbound_heading
from threatgraph.records import Link, Record
from threatgraph.vocab import kind_of

#: Ratings and states, which hundreds of records share.
_RATINGS = frozenset(
    "severity likelihoodTrend evidenceLevel incidentStatus impactLevel failureStage deprecated isReplacedBy".split()
)
#: Where a part of a record says which role or relation its target has.
_ROLES = ("patternRole", "impactRole", "mappingRelation")
_PREDICTED = ("recommends", "recommendedFor")


class Neighbor(NamedTuple):
    """A record with a link to or from another one."""

    link: Link
    relation: str
    """The heading of the links, such as *Causal factors*."""
    is_inbound: bool = False
    """Whether it links to the record, rather than the record to it."""
    detail: str = ""
    """The role or meaning of the link, such as *primary*; empty if it has none."""

    @property
    def kind(self) -> str:
        """The name of its kind; empty for other resources."""
        kind = kind_of(self.link.iri)
        return kind.name if kind else ""


def neighbors(record: Record, inbound: Mapping[str, Sequence[Link]]) -> list[Neighbor]:
    """Return the records that a record links to, in the order of its page, and those that link to it.

    Ratings and provenance are left out. A record that is linked by several relations is a neighbor for each of them.

    Args:
        record: the record.
        inbound: the records that link to it, by property, as :func:`threatgraph.records.read_inbound` returns them.
    """
    page = arrange(record, {})
    found = [one for entry in page.facts if entry.name not in _RATINGS for one in _of_entry(entry, "")]
    found += [one for section in page.sections for entry in section.entries for one in _of_entry(entry, section.title)]
    for name, links in inbound.items():
        prefix = "predicted" if name in _PREDICTED else ""
        found += [Neighbor(link, inbound_heading(name), True, prefix) for link in links if kind_of(link.iri)]
    unique = {
        (one.link.iri, one.relation, one.is_inbound): one for one in reversed(found) if one.link.iri != record.iri
    }
    return list(reversed(unique.values()))


def _of_entry(entry: Entry, title: str) -> Iterator[Neighbor]:
    """The records that the values of a property name, directly or as the target of a part."""
    if entry.name in PROVENANCE:
        return
    relation = title if title and entry.name not in NAMED else heading(entry.name)
    for value in entry.values:
        targets, detail = [value] if isinstance(value, Link) else [], ""
        if isinstance(value, Record):
            targets = [target for target in value.outline().targets if isinstance(target, Link)]
            detail = next((value.text(name).lower() for name in _ROLES if value[name]), "")
        yield from (Neighbor(target, relation, False, detail) for target in targets if kind_of(target.iri))
