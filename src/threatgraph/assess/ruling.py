"""The findings of the rules for one system."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from threatgraph.assess.facts import Facts
from threatgraph.assess.law import Law
from threatgraph.assess.model import ProvisionFinding, Status


@dataclass(slots=True)
class Ruling:
    """What the rules find for a system."""

    law: Law
    facts: Facts
    roles: tuple[str, ...]
    """The roles that are checked: the stated ones, or provider and deployer."""
    role_settled: bool
    findings: dict[str, ProvisionFinding] = field(default_factory=dict)
    """The findings by slug, the decisive ones first."""
    notes: list[str] = field(default_factory=list)

    def add(
        self, slug: str, status: Status, reason: str, matched: Iterable[str] = (), *, product: bool = False
    ) -> None:
        """Add a finding, if the graph has the provision and nothing was found for it before."""
        provision = self.law.get(slug)
        if provision is not None and slug not in self.findings:
            self.findings[slug] = self.law.finding(provision, status, reason, matched, product=product)

    def open(self, slug: str) -> bool:
        """Return whether a provision is a candidate or to check."""
        return slug in self.findings and self.findings[slug].status != "ruled out"

    def points(self) -> list[str]:
        """Return the points of Annex III that are candidates or to check."""
        return [slug for slug in self.findings if slug.startswith("annex-iii-") and self.open(slug)]

    def found(self, name: str, value: str) -> bool:
        """Decide on the terms ``finding=`` and ``point=`` of conditions."""
        return self.open(value)
