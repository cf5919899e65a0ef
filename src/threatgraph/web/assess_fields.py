"""The fields of the form that describes a system, with the values that are filled in."""

from __future__ import annotations

from typing import NamedTuple

from threatgraph.assess import Assessment
from threatgraph.assess.engine import ROLES
from threatgraph.assess.profile import known_values
from threatgraph.assess.questions import catalog
from threatgraph.graph import ThreatGraph
from threatgraph.web.assess_input import FRAMEWORK, ROLE, Input
from threatgraph.web.fields import options

#: The titles and hints of the fields with several values, in the order of the form.
_GROUPS = {
    ROLE: ("Role of your organization", "Obligations differ by role."),
    "sector": ("Sector", "Where the system is used."),
    "people": ("People", "Who uses the system or is affected by it."),
    "data": ("Data", "What the system processes."),
    "model": ("Model", "What the system is built with."),
    "autonomy": ("Autonomy", "What the system does by itself, and who checks it."),
    "use": ("Use", "What the system is for."),
    "product": ("Product", "A product that the system is, or is a part of."),
    "setting": ("Setting", "Where or by whom the system is operated."),
    FRAMEWORK: ("Frameworks", "Limit provisions and controls to these; without a choice, all are considered."),
}
#: The labels of values that are not words.
_LABELS = {
    "llm": "Large language model",
    "gpai": "General-purpose AI model",
    "gpai-provider": "Provider of a general-purpose AI model",
    "csam": "Child sexual abuse material",
}


class Choice(NamedTuple):
    """A value that can be chosen."""

    value: str
    label: str
    is_chosen: bool


class Group(NamedTuple):
    """A field with several values."""

    name: str
    title: str
    hint: str
    choices: tuple[Choice, ...]

    @property
    def chosen(self) -> int:
        """The number of values that are chosen."""
        return sum(choice.is_chosen for choice in self.choices)


class Answered(NamedTuple):
    """A question with its answers."""

    id: str
    text: str
    why: str
    settles: tuple[str, ...]
    """The codes of the provisions whose status depends on it."""
    choices: tuple[Choice, ...]

    @property
    def has_many(self) -> bool:
        """Whether several answers can be chosen."""
        return self.id == ROLE


def groups(graph: ThreatGraph, values: Input) -> list[Group]:
    """Return the fields with several values; a value that is given and not known is one of the choices, too.

    Args:
        graph: the graph, which has the frameworks.
        values: the fields that are filled in.
    """
    known = {name: {value: _label(value) for value in found} for name, found in known_values().items()}
    known[ROLE] = {value: _label(value) for value in ROLES}
    known[FRAMEWORK] = {one.value: one.label for one in options(graph, FRAMEWORK)}
    return [
        Group(name, title, hint, _choices(known[name], values.get(name, ())))
        for name, (title, hint) in _GROUPS.items()
        if known[name]
    ]


def answered(found: Assessment | None, values: Input) -> list[Answered]:
    """Return the questions that are open, and those that the form has answered, which can be changed.

    Args:
        found: the assessment, which asks the questions; ``None`` if there is none.
        values: the fields that are filled in.
    """
    codes = (
        {provision.iri: f"{provision.framework} {provision.code}" for provision in found.provisions} if found else {}
    )
    asked = {question.id: question.settles for question in found.questions} if found else {}
    return [
        Answered(
            *(one["id"], one["text"], one["why"]),
            tuple(codes[iri] for iri in asked.get(one["id"], ()) if iri in codes),
            _choices(dict.fromkeys(ROLES if one["id"] == ROLE else one["options"]), values.get(one["id"], ())),
        )
        for one in catalog()
        if one["id"] in asked or (one["id"] != ROLE and one["id"] in values)
    ]


def _choices(known: dict[str, str] | dict[str, None], given: tuple[str, ...]) -> tuple[Choice, ...]:
    wanted = [value.casefold() for value in given]
    found = [
        Choice(value, label or _label(value), bool({value.casefold(), (label or value).casefold()} & set(wanted)))
        for value, label in known.items()
    ]
    met = {name.casefold() for one in found for name in (one.value, one.label)}
    return (*found, *(Choice(value, value, True) for value in given if value.casefold() not in met))


def _label(value: str) -> str:
    words = _LABELS.get(value) or value.replace("-", " ")
    return words[:1].upper() + words[1:]
