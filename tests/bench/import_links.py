"""Measures how many of the links that an import predicts were also made by curators.

    python tests/bench/import_links.py SNAPSHOT   # the folder of a snapshot of the AI Incident Database

Some bundled incidents are also in the database, and curators have linked them to patterns. For each of these, links are
predicted from the text in the database, on a graph without the bundled record (5-fold cross-validation). Half of the
incidents determine the thresholds: the lowest score with a precision of 0.8. The other half is used to measure
precision. A digest of the incident number assigns the half. A link that curators did not make counts as wrong, even if
it may be correct.

The weights of the signals were learned from the bundled links, including those of these incidents.
"""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from threatgraph import ThreatGraph, resources
from threatgraph.importers.links import BOTH, MOST, LinkPredictor, Prediction
from threatgraph.vocab import PREFIXES

_GOAL, _STRICT = 0.8, 0.85
_FEWEST = 4
_PARTS = 5
_KNOWN = """
SELECT ?incident ?page ?pattern {
  ?incident a tg:Incident ; schema:subjectOf ?page ; tg:involvesPattern ?pattern .
  FILTER(STRSTARTS(STR(?page), "https://incidentdatabase.ai/cite/"))
}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A prediction, and whether curators made the link."""

    number: int
    prediction: Prediction
    correct: bool


def cases(folder: Path) -> list[Case]:
    """Predict links for the incidents that curators have linked."""
    truth: dict[int, set[str]] = {}
    slugs: dict[int, str] = {}
    for row in ThreatGraph.open().store.select(_KNOWN).to_dicts():
        number = int(str(row["page"]).rpartition("/")[2])
        truth.setdefault(number, set()).add(str(row["pattern"]))
        slugs[number] = str(row["incident"]).rpartition("/")[2]
    texts = {int(row["incident_id"]): f"{row['title']} {row['description']}" for row in _rows(folder / "incidents.csv")}
    classes = {
        int(row["Incident ID"]): {PREFIXES["mit"] + code[1]}
        for row in _rows(folder / "classifications_MIT.csv")
        if row["Published"].lower() == "true" and (code := re.match(r"([0-9]+\.[0-9]+)", row["Risk Subdomain"]))
    }
    numbers = sorted(truth.keys() & texts.keys())
    found = []
    for part in range(_PARTS):
        left_out = {slugs[number] for number in numbers[part::_PARTS]}
        files = [f for f in resources.bundled_files() if not ("incidents" in f.parts and f.stem in left_out)]
        predictor = LinkPredictor(ThreatGraph.open(files, bundled=False).store)
        for number in numbers[part::_PARTS]:
            for prediction in predictor.predictions(texts[number], classes.get(number, set()))[:MOST]:
                found.append(Case(number, prediction, prediction.pattern in truth[number]))
    return found


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def chooses(case: Case) -> bool:
    """Whether the incident is in the half that determines the thresholds."""
    return hashlib.sha256(str(case.number).encode()).digest()[0] % 2 == 0


def precision(found: list[Case]) -> float:
    """The share of correct links."""
    return sum(case.correct for case in found) / len(found) if found else 0.0


def floors(found: list[Case]) -> dict[str, float]:
    """The lowest score of each pattern with a precision of 0.85 or more, where it is above that of the tier.

    Patterns with fewer than four links get none.
    """
    by_pattern: dict[str, list[Case]] = {}
    for case in found:
        if case.prediction.score >= case.prediction.tier.least:
            by_pattern.setdefault(case.prediction.pattern.rpartition("/")[2], []).append(case)
    chosen = {}
    for pattern, cases_ in sorted(by_pattern.items()):
        grid = [step / 100 for step in range(10, 40)]
        least = next((t for t in grid if precision([c for c in cases_ if c.prediction.score >= t]) >= _STRICT), None)
        if least is not None and len(cases_) >= _FEWEST and least > BOTH.least:
            chosen[pattern] = least
    return chosen


def main() -> None:
    """Print the threshold of each tier and pattern, and the precision on both halves."""
    found = cases(Path(sys.argv[1]))
    print(f"{len({case.number for case in found})} incidents, {len(found)} predictions, {precision(found):.2f} correct")
    for name, agrees in (("text alone", False), ("text and MIT", True)):
        tier = [case for case in found if case.prediction.agrees == agrees]
        mine, others = [c for c in tier if chooses(c)], [c for c in tier if not chooses(c)]
        grid = [step / 100 for step in range(10, 60)]
        least = next((t for t in grid if precision([c for c in mine if c.prediction.score >= t]) >= _GOAL), grid[-1])
        for half, kept in (("choosing", mine), ("other", others)):
            kept = [c for c in kept if c.prediction.score >= least]
            print(
                f"{name:14} from {least:.2f}, {half} half: {len(kept):4} links of "
                f"{len({c.number for c in kept}):3} incidents, {precision(kept):.2f} correct"
            )
    chosen = floors([case for case in found if chooses(case)])
    print("minimum scores by pattern, from the choosing half:", chosen)
    kept = [
        case
        for case in found
        if case.prediction.score
        >= max(case.prediction.tier.least, chosen.get(case.prediction.pattern.rpartition("/")[2], 0))
    ]
    for half, links in (("choosing", [c for c in kept if chooses(c)]), ("other", [c for c in kept if not chooses(c)])):
        print(f"with these, {half} half: {len(links)} links, {precision(links):.2f} correct")


if __name__ == "__main__":
    main()
