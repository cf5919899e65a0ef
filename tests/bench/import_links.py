"""How many of the links that an import predictions have people made, too?

    python tests/bench/import_links.py SNAPSHOT   # the folder of a snapshot of the AI Incident Database

Some bundled incidents are also in the database, and people have linked them to patterns. Each of these is asked for
with the database's own words, in a graph without the bundled record of it (ten parts, each left out in turn). Half of
the incidents choose the thresholds: the lowest score at which seven of ten links are right. The other half says how
good they are. Which half an incident is in, a digest of its number says. A link that people did not make counts as
wrong, though they may only not have thought of it.

The weights of the signals were learnt from the bundled links, those of these incidents among them.
"""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from threatgraph import ThreatGraph, resources
from threatgraph.importers.links import LinkPredictor, Prediction
from threatgraph.vocab import PREFIXES

_GOAL = 0.7
_PARTS = 10
_KNOWN = """
SELECT ?incident ?page ?pattern {
  ?incident a tg:Incident ; schema:subjectOf ?page ; tg:involvesPattern ?pattern .
  FILTER(STRSTARTS(STR(?page), "https://incidentdatabase.ai/cite/"))
}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A predict, and whether people made the link."""

    number: int
    predict: Prediction
    right: bool


def cases(folder: Path) -> list[Case]:
    """All predictions for the incidents that people have linked."""
    truth: dict[int, set[str]] = {}
    slugs: dict[int, str] = {}
    for row in ThreatGraph.open().store.select(_KNOWN).to_dicts():
        number = int(str(row["page"]).rpartition("/")[2])
        truth.setdefault(number, set()).add(str(row["pattern"]))
        slugs[number] = str(row["incident"]).rpartition("/")[2]
    texts = {int(row["incident_id"]): f"{row['title']} {row['description']}" for row in _rows(folder / "incidents.csv")}
    classes = {
        int(row["Incident ID"]): {PREFIXES["mit"] + said[1]}
        for row in _rows(folder / "classifications_MIT.csv")
        if row["Published"].lower() == "true" and (said := re.match(r"([0-9]+\.[0-9]+)", row["Risk Subdomain"]))
    }
    numbers = sorted(truth.keys() & texts.keys())
    found = []
    for part in range(_PARTS):
        left_out = {slugs[number] for number in numbers[part::_PARTS]}
        files = [f for f in resources.bundled_files() if not ("incidents" in f.parts and f.stem in left_out)]
        guesser = LinkPredictor(ThreatGraph.open(files, bundled=False).store)
        for number in numbers[part::_PARTS]:
            for predict in guesser.predictions(texts[number], classes.get(number, set())):
                found.append(Case(number, predict, predict.pattern in truth[number]))
    return found


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def chooses(case: Case) -> bool:
    """Whether the incident is one of those that choose the thresholds."""
    return hashlib.sha256(str(case.number).encode()).digest()[0] % 2 == 0


def precision(found: list[Case]) -> float:
    """The share that is right."""
    return sum(case.right for case in found) / len(found) if found else 0.0


def main() -> None:
    """Print the threshold of each tier, and the precision on both halves."""
    found = cases(Path(sys.argv[1]))
    print(f"{len({case.number for case in found})} incidents, {len(found)} predictions, {precision(found):.2f} right")
    for name, agrees in (("text alone", False), ("text and MIT", True)):
        tier = [case for case in found if case.predict.agrees == agrees]
        mine, others = [c for c in tier if chooses(c)], [c for c in tier if not chooses(c)]
        grid = [step / 100 for step in range(10, 60)]
        least = next(t for t in grid if precision([c for c in mine if c.predict.score >= t]) >= _GOAL)
        for half, kept in (("choosing", mine), ("other", others)):
            kept = [c for c in kept if c.predict.score >= least]
            print(
                f"{name:14} from {least:.2f}, {half} half: {len(kept):4} links of "
                f"{len({c.number for c in kept}):3} incidents, {precision(kept):.2f} right"
            )


if __name__ == "__main__":
    main()
