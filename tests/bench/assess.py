"""Figures of `assess` on the development set: recall of AI Act candidates, overclaims, and recall of threats.

Run `python tests/bench/assess.py` for both halves, or with `--half learning` while tuning: the other half stays unseen.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from threatgraph import ThreatGraph
from threatgraph.assess.assessment import Assessment

FOLDER = Path(__file__).parent
AT = 8
DECISIVE = ("Annex", "Article 5", "Article 6")


def named(assessment: Assessment) -> set[str]:
    """The codes that are candidates or to check."""
    return {finding.code for finding in assessment.provisions if finding.status != "ruled out"}


def slugs(assessment: Assessment) -> list[str]:
    return [threat.iri.rpartition("/")[2] for threat in assessment.threats]


def measure(graph: ThreatGraph, systems: Sequence[dict[str, Any]], form: str, *, verbose: bool) -> str:
    hits = wanted = over = minimal = found = threats = fixed = 0
    shown = claimed = 0
    for system in systems:
        answer = graph.assess(system[form].strip(), top=AT)
        codes, ranked = named(answer), slugs(answer)
        missing = [code for code in system["expected"] if code not in codes]
        wrong = [code for code in system["overclaims"] if code in codes]
        hits, wanted, over = (
            hits + len(system["expected"]) - len(missing),
            wanted + len(system["expected"]),
            over + len(wrong),
        )
        severe = [code for code in codes if code.startswith(("Annex III", "Article 5("))]
        minimal += bool(system.get("minimal") and severe)
        lost = [slug for slug in system["threats"] if slug not in ranked]
        found, threats = found + len(system["threats"]) - len(lost), threats + len(system["threats"])
        fixed += sum(slug in FIXED for slug in system["threats"])
        open_ones = [finding for finding in answer.provisions if finding.status != "ruled out"]
        claimed += len(open_ones)
        shown += sum(bool(finding.conditions or finding.exceptions) for finding in open_ones)
        if verbose:
            print(f"- {system['name']} ({form}): tier {answer.tier}, roles {answer.roles}")
            print(f"    missing {missing}; overclaims {wrong}; threats lost {lost}; top three {ranked[:3]}")
            print(f"    decisive {sorted(code for code in codes if code.startswith(DECISIVE))}")
    return (
        f"{form}: AI Act candidates {hits}/{wanted} = {hits / wanted:.2f}, overclaims {over}, minimal-risk with a "
        f"severe point {minimal}, threats@{AT} {found}/{threats} = {found / threats:.2f} "
        f"(fixed {fixed / threats:.2f}), "
        f"conditions shown {shown / max(claimed, 1):.2f}"
    )


#: The eight patterns that the systems of the set need most often, as a fixed answer.
FIXED: tuple[str, ...] = ()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=["learning", "held"], help="measure one half only")
    parser.add_argument("--verbose", action="store_true", help="list what is missing")
    options = parser.parse_args()
    global FIXED
    everything = tomllib.loads((FOLDER / "assess_systems.toml").read_text(encoding="utf-8"))["system"]
    counts: dict[str, int] = {}
    for system in everything:
        for slug in system["threats"]:
            counts[slug] = counts.get(slug, 0) + 1
    FIXED = tuple(sorted(counts, key=lambda slug: (-counts[slug], slug))[:AT])
    uses = tomllib.loads((FOLDER / "assess_uses.toml").read_text(encoding="utf-8"))["uses"]
    graph = ThreatGraph.open()
    for start, half in enumerate(("learning", "held")):
        if options.half not in (None, half):
            continue
        systems = [system for system in everything if system["half"] == half]
        print(f"## {half}: {len(systems)} systems")
        for form in ("text", "line"):
            print(measure(graph, systems, form, verbose=options.verbose))
        right = 0
        for text, code in uses[start::2]:
            answer = graph.assess(text, top=1)
            ok = code in named(answer)
            right += ok
            if not ok and options.verbose:
                print(f"    use {text!r}: {code} missing; has {sorted(named(answer))[:8]}")
        print(f"uses: {right}/{len(uses[start::2])} = {right / len(uses[start::2]):.2f}\n")


if __name__ == "__main__":
    main()
