"""Reads the provisions of a framework from the graph: what they say, whom they oblige, and from when they apply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from threatgraph.assess.model import ProvisionFinding, Status
from threatgraph.store import Store
from threatgraph.vocab import KINDS, SKOS, tg

_SELECT = f"""
SELECT ?provision ?property ?value {{
  VALUES ?property {{
    <{SKOS}notation> <{SKOS}prefLabel> <{SKOS}definition> <{tg("condition")}> <{tg("exception")}> <{tg("obliges")}>
    <{tg("entitles")}> <{tg("riskTier")}> <{tg("appliesFrom")}> <{tg("appliesFromAsAmended")}> <{SKOS}broader>
  }}
  ?provision a <{tg("Provision")}> ; <{SKOS}inScheme> ?framework ; ?property ?value .
}}
"""
#: The condition that the risk tier of a provision implies.
_IMPLIED = {
    "tier-high": "The system must be high-risk under Article 6.",
    "tier-gpai": "The model must be a general-purpose AI model within the meaning of Article 3(63).",
    "tier-gpai-systemic": "The model must be a general-purpose AI model with systemic risk under Article 51.",
}
_FRAMEWORKS = f"""
SELECT DISTINCT ?framework ?label {{
  ?framework a <{tg("Framework")}> .
  OPTIONAL {{ ?framework <{SKOS}prefLabel> ?label }}
}}
"""


@dataclass(frozen=True, slots=True)
class Provision:
    """A provision as the graph has it."""

    iri: str
    slug: str
    code: str
    label: str
    summary: str
    conditions: tuple[str, ...]
    exceptions: tuple[str, ...]
    obliges: tuple[str, ...]
    """The slugs of the roles that it obliges."""
    entitles: tuple[str, ...]
    tier: str | None
    """The label of its risk tier."""
    tier_slug: str | None
    published: tuple[str, ...]
    """The dates of application in the text as first published."""
    amended: tuple[str, ...]
    """The dates of application as amended."""
    broader: str | None

    def applies_from(self, *, product: bool = False) -> str | None:
        """Return the date of application as amended.

        Args:
            product: whether the system is high-risk as a product under Article 6(1) alone. The requirements for such
                systems apply later than those for Annex III.
        """
        dates = self.amended or self.published
        if not dates:
            return None
        return max(dates) if product else min(dates)


class Law:
    """The provisions of one framework.

    Args:
        store: the graph.
        framework: the slug of the framework, such as ``eu-ai-act-2024-1689``.
    """

    def __init__(self, store: Store, framework: str) -> None:
        from pyoxigraph import NamedNode

        self.iri = f"{KINDS['framework'].namespace}{framework}"
        self.label = framework_labels(store).get(self.iri, framework)
        rows = store.select(_SELECT, {"framework": NamedNode(self.iri)}).rows
        values: dict[str, dict[str, list[str]]] = {}
        for provision, prop, value in rows:
            name = str(getattr(prop, "value", prop)).rpartition("#")[2].rpartition("/")[2]
            text = str(getattr(value, "value", value))
            values.setdefault(str(getattr(provision, "value", provision)), {}).setdefault(name, []).append(text)
        labels = {iri: sorted(found.get("prefLabel", [iri]))[0] for iri, found in values.items()}
        self.by_iri = {iri: _provision(iri, found, labels) for iri, found in sorted(values.items())}
        self._by_slug = {provision.slug: provision for provision in self.by_iri.values()}

    def get(self, slug: str) -> Provision | None:
        """Return the provision with a slug, such as ``annex-iii-4-a``; ``None`` if the graph does not have it."""
        return self._by_slug.get(slug)

    def finding(
        self, provision: Provision, status: Status, reason: str, matched: Iterable[str] = (), *, product: bool = False
    ) -> ProvisionFinding:
        """Make a finding of a provision.

        Args:
            provision: the provision.
            status: its status.
            reason: why it has the status.
            matched: the words of the description that led to it.
            product: whether the system is high-risk as a product under Article 6(1) alone.
        """
        above = self.by_iri.get(provision.broader or "")
        if provision.slug.startswith("annex-iii-"):
            above = self.get("article-6-2")  # the article that makes the annex apply has the date
        conditions, exceptions = self._limits(provision)
        return ProvisionFinding(
            iri=provision.iri,
            framework=self.label,
            code=provision.code,
            label=provision.label,
            status=status,
            reason=reason,
            matched=tuple(dict.fromkeys(matched)),
            summary=provision.summary,
            conditions=conditions,
            exceptions=exceptions,
            roles=provision.obliges,
            tier=provision.tier,
            applies_from=provision.applies_from(product=product) or _dated(above, product),
        )

    def _limits(self, provision: Provision) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The conditions and exceptions of a provision, or of the closest one above it that has any."""
        above: Provision | None = provision
        if provision.slug == "annex-i":
            above = self.get("article-6-1")  # the article that makes the annex apply has the conditions
        while above is not None and not above.conditions and not above.exceptions:
            above = self.by_iri.get(above.broader or "")
        conditions = above.conditions if above is not None else ()
        exceptions = above.exceptions if above is not None else ()
        implied = _IMPLIED.get(provision.tier_slug or "")
        if implied and not provision.conditions and not provision.slug.startswith(("annex", "article-6")):
            conditions = (implied, *conditions)
        return conditions, exceptions


def _dated(above: Provision | None, product: bool) -> str | None:
    return above.applies_from(product=product) if above is not None else None


def framework_labels(store: Store) -> dict[str, str]:
    """Return the labels of the frameworks by IRI."""
    return {
        str(row["framework"]): str(row["label"] or row["framework"]) for row in store.select(_FRAMEWORKS).to_dicts()
    }


def _provision(iri: str, found: Mapping[str, list[str]], labels: Mapping[str, str]) -> Provision:
    def every(name: str) -> tuple[str, ...]:
        return tuple(sorted(set(found.get(name, ()))))

    def first(name: str) -> str:
        return next(iter(every(name)), "")

    tiers = [labels.get(tier, tier.rpartition("/")[2]) for tier in every("riskTier")]
    return Provision(
        iri=iri,
        slug=iri.rpartition("/")[2],
        code=first("notation"),
        label=first("prefLabel"),
        summary=first("definition"),
        conditions=every("condition"),
        exceptions=every("exception"),
        obliges=tuple(role.rpartition("/")[2] for role in every("obliges")),
        entitles=tuple(role.rpartition("/")[2] for role in every("entitles")),
        tier=tiers[0] if tiers else None,
        tier_slug=next((tier.rpartition("/")[2] for tier in every("riskTier")), None),
        published=every("appliesFrom"),
        amended=every("appliesFromAsAmended"),
        broader=first("broader") or None,
    )
