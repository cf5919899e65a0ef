"""Agreement of the patterns of incidents with the MIT labels that the AI Incident Database gives the same incidents.

Usage: python tests/bench/agreement.py FOLDER

FOLDER holds ``classifications_MIT.csv`` of a snapshot of the AI Incident Database. An incident agrees if the subdomain
of the MIT AI Risk Repository that the database gives it is one to which its primary pattern (or any of its patterns)
is mapped. The columns give the share of incidents that agree, its 95 % Wilson interval, and the share that agrees by
chance: the mean over 200 shuffles of the labels among the incidents.
"""

from __future__ import annotations

import csv
import math
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from threatgraph import Table, ThreatGraph

_PATTERNS = """
SELECT ?number ?role ?code
WHERE {
  ?incident tg:aiidNumber ?number ; tg:patternLink ?link .
  ?link tg:pattern ?pattern ; tg:patternRole ?patternRole .
  BIND(REPLACE(STR(?patternRole), "^.*/", "") AS ?role)
  OPTIONAL {
    ?pattern tg:mappedTo ?provision .
    ?provision skos:inScheme framework:mit-ai-risk-repository-v3 ; skos:notation ?code .
  }
}
"""
_SHUFFLES, _SEED = 200, 2026


def main(words: Sequence[str]) -> int:
    """Print the agreement; returns the exit status."""
    if len(words) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    labels = read_labels(Path(words[0]) / "classifications_MIT.csv")
    primary, every = read_codes(ThreatGraph.open())
    numbers = sorted(labels.keys() & every.keys())
    print(f"{len(numbers)} of {len(every)} incidents with a number have an MIT label in the snapshot")
    print(f"{'':24} agree  of   share  95 % interval   by chance")
    for level in ("subdomain", "domain"):
        for name, codes in (("primary pattern", primary), ("any pattern", every)):
            found = sum(agrees(labels[n], codes.get(n, frozenset()), level) for n in numbers)
            low, high = wilson(found, len(numbers))
            chance = by_chance(numbers, labels, codes, level)
            print(
                f"{name + ', ' + level:24} {found:5} {len(numbers):4} {found / len(numbers):6.1%}  "
                f"{low:.1%} to {high:.1%}  {chance:6.1%}"
            )
    return 0


def read_labels(file: Path) -> dict[int, str]:
    """The code of the MIT subdomain of each incident by its number, such as ``7.3``."""
    with file.open(encoding="utf-8", newline="") as rows:
        return {
            int(row["Incident ID"]): row["Risk Subdomain"].split()[0].rstrip(".")
            for row in csv.DictReader(rows)
            if row["Risk Subdomain"].strip()
        }


def read_codes(graph: ThreatGraph) -> tuple[dict[int, frozenset[str]], dict[int, frozenset[str]]]:
    """The codes of the MIT provisions that the primary pattern, and any pattern, of each incident is mapped to."""
    primary: dict[int, frozenset[str]] = {}
    every: dict[int, frozenset[str]] = {}
    table = graph.query(_PATTERNS)
    assert isinstance(table, Table)
    for row in table.to_dicts():
        number, codes = int(str(row["number"])), frozenset([str(row["code"])] if row["code"] else [])
        every[number] = every.get(number, frozenset()) | codes
        if row["role"] == "primary":
            primary[number] = primary.get(number, frozenset()) | codes
    return primary, every


def agrees(label: str, codes: frozenset[str], level: str) -> bool:
    """Whether a label is one of the codes; on the level ``domain``, whether their domains are the same."""
    if level == "subdomain":
        return label in codes
    return label.split(".")[0] in {code.split(".")[0] for code in codes}


def wilson(found: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927)."""
    z, share = 1.96, found / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return middle - half, middle + half


def by_chance(
    numbers: Sequence[int], labels: Mapping[int, str], codes: Mapping[int, frozenset[str]], level: str
) -> float:
    """The mean agreement after the labels are shuffled among the incidents."""
    source = random.Random(_SEED)  # noqa: S311 (no secret)
    values, total = [labels[n] for n in numbers], 0
    for _ in range(_SHUFFLES):
        source.shuffle(values)
        total += sum(agrees(v, codes.get(n, frozenset()), level) for n, v in zip(numbers, values, strict=True))
    return total / _SHUFFLES / len(numbers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
