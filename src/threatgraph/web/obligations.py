"""The framework mappings of a record by framework, with the role that each provision obliges and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from threatgraph.headings import heading
from threatgraph.labels import read_labels
from threatgraph.listing import read_values
from threatgraph.records import Link, Record
from threatgraph.store import Store
from threatgraph.vocab import BASE, KINDS
from threatgraph.web.links import Links
from threatgraph.web.view import Text

_PROVISIONS, _FRAMEWORKS = KINDS["provision"].namespace, KINDS["framework"].namespace
_PROPERTIES = ("code", "framework", "obliges", "applies_from", "applies_from_as_amended")


class MappingLine(NamedTuple):
    """A mapping of the record to a provision."""

    anchor: str
    code: str
    provision: Text
    relation: Text
    roles: tuple[Text, ...]
    applies_from: str
    as_amended: str
    reason: Text
    states: tuple[str, ...]
    """Where the mapping comes from and how it was reviewed."""


class FrameworkGroup(NamedTuple):
    """The mappings to one framework."""

    framework: Text
    mappings: tuple[MappingLine, ...]

    @property
    def total(self) -> int:
        """The number of mappings."""
        return len(self.mappings)


class Duty(NamedTuple):
    """The obligations of a role."""

    role: Text
    provisions: tuple[tuple[Text, str, str], ...]
    """Each provision with the name of its framework, and the date from which it applies or an empty text."""


def read_groups(store: Store, record: Record, links: Links, languages: Mapping[str, str]) -> list[FrameworkGroup]:
    """Return the mappings of a record, by framework; those with most mappings first.

    Args:
        store: the store to read.
        record: the record.
        links: where documents are.
        languages: the language of each text that is not English.
    """
    parts = [value for value in record["mapping"] if isinstance(value, Record)]
    targets = {part.iri: link for part in parts if (link := _target(part)) is not None}
    provisions = {link.iri for link in targets.values() if link.iri.startswith(_PROVISIONS)}
    values = read_values(store, "provision", provisions, _PROPERTIES)
    nodes = {iri for name in ("framework", "obliges") for found in values[name].values() for iri in found}
    nodes |= {link.iri for link in targets.values() if link.iri.startswith(_FRAMEWORKS)}
    labels = read_labels(store, [iri for iri in nodes if iri.startswith(BASE)])
    groups: dict[str, list[MappingLine]] = {}
    for part in parts:
        if (target := targets.get(part.iri)) is not None:
            is_framework = target.iri.startswith(_FRAMEWORKS)  # which is mapped as a whole
            framework = target.iri if is_framework else next(iter(values["framework"].get(target.iri, ())), "")
            groups.setdefault(framework, []).append(_line(part, target, values, labels, links, languages))
    found = [
        FrameworkGroup(Text(labels.get(iri, iri or "Other"), links.to(iri) if iri else None), tuple(lines))
        for iri, lines in groups.items()
    ]
    return sorted(found, key=lambda group: -len(group.mappings))


def _target(part: Record) -> Link | None:
    found = [value for value in part["object_id"] if isinstance(value, Link)]
    return found[0] if found else None


def _line(
    part: Record,
    target: Link,
    values: Mapping[str, Mapping[str, Sequence[str]]],
    labels: Mapping[str, str],
    links: Links,
    languages: Mapping[str, str],
) -> MappingLine:
    def first(name: str) -> str:
        return next(iter(values[name].get(target.iri, ())), "")

    relation = next((value for value in part["mappingRelation"] if isinstance(value, Link)), None)
    reason, amended = part.text("rationale"), first("applies_from_as_amended")
    states = [str(value) for name in ("curationStatus", "reviewState") for value in part[name]]
    if label := part.text("sourceLabel"):
        states.append(f"{heading('sourceLabel').lower()}: {label}")
    return MappingLine(
        part.iri.partition("#")[2],
        first("code"),
        Text(target.label or target.iri, links.to(target.iri)),
        Text(relation.label, links.to(relation.iri)) if relation else Text("Mapped"),
        tuple(Text(labels.get(iri, iri), links.to(iri)) for iri in values["obliges"].get(target.iri, ())),
        first("applies_from"),
        amended if amended != first("applies_from") else "",
        Text(reason, None, languages.get(reason)),
        tuple(states),
    )


def duties(groups: Sequence[FrameworkGroup]) -> list[Duty]:
    """Return the obligations in the mapped provisions by role, sorted by its name.

    Args:
        groups: the mappings.
    """
    found: dict[Text, list[tuple[Text, str, str]]] = {}
    for group in groups:
        for one in group.mappings:
            provision = Text(f"{one.code} {one.provision.text}".strip(), one.provision.url)
            for role in one.roles:
                found.setdefault(role, []).append((provision, group.framework.text, one.as_amended or one.applies_from))
    return [Duty(role, tuple(found[role])) for role in sorted(found, key=lambda role: role.text)]
