"""Compares `assess` with other packages that relate an AI system to provisions of the AI Act.

Each peer is installed in an environment of its own, a folder with the name of the package:

    for peer in riskforge ai-act-companion eu-ai-act-classifier; do
        python3.13 -m venv PEERS/$peer && PEERS/$peer/bin/pip install $peer
    done
    python tests/bench/peers_assess.py --environment PEERS [--systems FILE] [--answers FILE]

It was last run with riskforge 2.0.0, ai-act-companion 0.10.0 and eu-ai-act-classifier 0.2.2, with Python 3.13, which
eu-ai-act-classifier needs. A peer that is absent is skipped. ai-atlas-nexus 1.2.5 is not measured:
`identify_risks_from_usecases` needs a language model.

What each tool reads:

- threatgraph: the description.
- riskforge: the description, in which it looks up keywords, and an area of Annex III that the user states. It is
  measured with all eight areas, which needs no reader, and with the areas of the filled form. What counts are its
  patterns; its questions cite the same articles for each system.
- ai-act-companion and eu-ai-act-classifier: answers to a form; they do not read the description. A language model read
  the descriptions and filled one form for both. These figures are thus those of a reader and a tool, and an upper
  bound: the reader had already seen the expected provisions of the first five systems, and a list of those of all. The
  row "filled form" counts what the reader stated, without a tool. The free text of ai-act-companion needs a language
  model, or example files that are not in the package.

How the forms were filled: what the description states or clearly implies is "yes", the rest is left out. A part that
the description puts out of scope is not filled. An unstated role is "provider" and "deployer". Parts of a description
that are separate systems have forms of their own, and their answers are united. So are those for each point of Annex
III, as eu-ai-act-classifier accepts one. As ai-act-companion asks to answer "yes" to a doubtful practice of Article 5,
and both tools then omit the rest, a form with such a practice is also answered without it.

How answers are counted: a provision with a paragraph names its article, and a point of Annex III names Article 6(2).
ai-act-companion names areas of Annex III, and points only in area 5. The columns "by area" therefore compare areas.
"minimal-risk, severe" are systems of minimal risk for which a tool names Annex III or a practice of Article 5; "codes"
are the codes that it names for a description, on average.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from threatgraph import ThreatGraph

FOLDER = Path(__file__).parent
FORMS = ("text", "line")
SEVERE = ("Annex III", "Article 5(")
ROLES = ("provider", "deployer")

Case = tuple[dict[str, Any], str]
"""A system and the form of its description."""
Named = list[set[str]]
"""The codes that a tool names, for each case."""

#: The filled forms of `assess_systems.toml`: name | form for the text | form for the line. `;` separates systems.
#: `4.b` is a point of Annex III, `5.1.f` a practice, `50.1` a duty of transparency, `product` the way of Article 6(1).
ANSWERS = """
store staffing  | deployer 4.a profiling                      | 4.a profiling
parcel hub      | provider deployer 4.b profiling             | 4.b profiling
consumer loans  | deployer 5.b profiling                      | 5.b profiling
supplier credit | deployer                                    |
radiology       | provider product                            | product
school emotions | deployer service 5.1.f 1.c 50.3             | 5.1.f 1.c 50.3
coding agent    | deployer 50.2                               |
bank voice      | provider deployer 50.1 50.2                 | 50.1 50.2
ad images       | provider 5.1.ba 50.2 50.4                   | 50.2 50.4
exam watching   | deployer service 3.d profiling              | 3.d profiling
benefit office  | provider deployer public 5.a profiling      | public 5.a profiling
grid control    | provider deployer 2                         | 2
spam filter     | deployer                                    | deployer
bakery stock    | provider deployer                           |
companion       | provider 5.1.a 5.1.b 50.1 50.2              | 50.1 50.2
police video    | deployer public 1.a                         | deployer public 1.a
open model      | provider gpai open flops=4e24 50.1 50.2     | provider gpai open
car premium     | deployer profiling                          | profiling
judge helper    | provider deployer public 8.a 50.2           | public 8.a 50.2
game character  | provider 50.1 50.2                          | 50.1 50.2
"""

#: Programs that run in the environment of a peer. Each reads requests, and answers with citations for each of them.
RISKFORGE = """
import json, sys
from riskforge.api import AssessEngine
engine, answers = AssessEngine(), []
for purpose, categories in json.load(sys.stdin):
    patterns = [found for category in ["", *categories] for found in engine.match_patterns(category, purpose)]
    cited = ["Annex III " + found["annex_iii_point"] for found in patterns if found.get("annex_iii_point")]
    cited += [found["article_6_ref"] for found in patterns if found.get("article_6_ref")]
    answers.append(cited + [ref for found in patterns for risk in found["risks"] for ref in risk["article_refs"]])
json.dump(answers, sys.stdout)
"""
COMPANION = """
import json, sys
from app.classifier import classify
answers = []
for form in json.load(sys.stdin):
    found = classify(form)
    findings = found["findings"] + found["transparency_obligations"] + found["gpai_obligations"]
    cited = [ref for finding in findings for ref in finding["refs"]]
    cited += [ref for ref, _ in found["high_risk_obligations"]]
    answers.append(cited + found["recommended_artifacts"])
json.dump(answers, sys.stdout)
"""
CLASSIFIER = """
import json, sys
from eu_ai_act_classifier import SystemProfile, classify
answers = []
for form in json.load(sys.stdin):
    found = classify(SystemProfile.model_validate(form))
    duties = [*found.obligations, *found.documentation_required, *found.transparency_obligations]
    duties += found.obligation_graph
    answers.append([item.citation for item in found.findings] + [duty.article for duty in duties])
json.dump(answers, sys.stdout)
"""

AREAS = (
    ("biometric", "biometrics"),
    ("critical_infrastructure", "critical_infra"),
    ("education", "education"),
    ("employment", "employment"),
    ("essential_services", "essential_services"),
    ("law_enforcement", "law_enforcement"),
    ("migration", "migration_border"),
    ("justice", "justice_democracy"),
)
"""The areas of Annex III by number, as riskforge and ai-act-companion name them."""
SUBAREAS = {
    "5.a": "public_benefits",
    "5.b": "creditworthiness",
    "5.c": "insurance_life_health",
    "5.d": "emergency_triage",
}
PRACTICES = {
    "5.1.a": "p_manipulation",
    "5.1.b": "p_vulnerability",
    "5.1.ba": "p_nonconsensual_intimate",
    "5.1.bb": "p_child_sexual_material",
    "5.1.c": "p_social_scoring",
    "5.1.d": "p_predictive_policing",
    "5.1.e": "p_facial_scraping",
    "5.1.f": "p_emotion_work_edu",
    "5.1.g": "p_biometric_categorization_sensitive",
    "5.1.h": "p_realtime_rbi_le",
}
DUTIES = {
    "50.1": ("t_interacts_humans", "interacts_with_natural_persons"),
    "50.2": ("t_synthetic_content", "generates_synthetic_content"),
    "50.3": ("t_emotion_or_biometric_cat", "deploys_emotion_or_biometric_categorisation"),
    "50.4": ("t_deepfake", "generates_deepfakes"),
}


@dataclass(frozen=True, slots=True)
class Form:
    """What a reader states about a system, before it becomes the answers to the form of a tool."""

    words: frozenset[str]

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(role for role in ROLES if role in self.words) or ROLES

    @property
    def points(self) -> list[str]:
        return sorted(word for word in self.words if re.fullmatch(r"[1-8](\.[a-e])?", word))

    @property
    def practices(self) -> list[str]:
        return sorted(self.words & PRACTICES.keys())

    @property
    def duties(self) -> list[str]:
        return sorted(self.words & DUTIES.keys())

    @property
    def flops(self) -> float | None:
        return next((float(word.partition("=")[2]) for word in self.words if word.startswith("flops=")), None)

    def variants(self) -> Iterator[Form]:
        """The form, and the form without practices of Article 5."""
        yield self
        if self.practices:
            yield Form(self.words - PRACTICES.keys())

    def codes(self) -> set[str]:
        """What the reader stated, as codes."""
        cited = [f"Annex III {point}" for point in self.points] + [f"Article {word}" for word in self.practices]
        cited += [f"Article {word}" for word in self.duties] + ["Article 6.1"] * ("product" in self.words)
        return codes(re.sub(r"\.(\w+)", r"(\1)", text) for text in cited)

    def companion(self) -> Iterator[dict[str, Any]]:
        """The answers to the questionnaire of ai-act-companion."""
        for form in self.variants():
            yield {
                "eu_market": True,
                "provider_role": form.roles[0] if len(form.roles) == 1 else "both",
                **{PRACTICES[practice]: True for practice in form.practices},
                "p_sexual_provider_foreseeable_unguarded": "5.1.ba" in form.words,
                **{DUTIES[duty][0]: True for duty in form.duties},
                "hr_usecases": [AREAS[int(area) - 1][1] for area in sorted({point[0] for point in form.points})],
                "hr_essential_subarea": next((SUBAREAS[point] for point in form.points if point in SUBAREAS), None),
                "hr_does_profiling": "profiling" in form.words,
                "hr_safety_component": "product" in form.words,
                "hr_annex_i_relation": "ai_product" if "product" in form.words else "none",
                "hr_annex_i_section": "A" if "product" in form.words else "unknown",
                "hr_third_party_health_safety": "product" in form.words,
                "deployer_fria_status": form.standing,
                "gpai_model": "gpai" in form.words,
                "gpai_open_source": "open" in form.words,
                "gpai_systemic": (form.flops or 0) > 1e25,
                "data_personal": "profiling" in form.words or bool(form.points),
            }

    def classifier(self) -> Iterator[dict[str, Any]]:
        """The profiles for eu-ai-act-classifier, one for each point of Annex III."""
        for form in self.variants():
            for point in form.points or [""]:
                yield {
                    "name": "system",
                    "roles": [*form.roles, *(["gpai_provider"] if "gpai" in form.words else [])],
                    "prohibited_practices": form.practices,
                    "annex_iii_area": f"III.{point}" if point else None,
                    "derogation": {"performs_profiling": "profiling" in form.words},
                    "annex_i_safety_component": "product" in form.words,
                    "annex_i_third_party_assessment": "product" in form.words,
                    "annex_i_section": "A" if "product" in form.words else None,
                    "deployer_public_law_body": "public" in form.words or None,
                    "deployer_public_authority": "public" in form.words or None,
                    "public_authority_use": "public" in form.words,
                    "deployer_private_public_service": "service" in form.words or None,
                    "is_gpai_model": "gpai" in form.words,
                    "training_flops": form.flops,
                    **{DUTIES[duty][1]: True for duty in form.duties},
                }

    @property
    def standing(self) -> str:
        if "public" in self.words:
            return "body_public_law"
        return "private_public_service" if "service" in self.words else "unknown"


def read_answers(text: str) -> dict[tuple[str, str], list[Form]]:
    """The filled forms, by the name of the system and the form of its description."""
    filled = {}
    for row in text.strip().splitlines():
        name, *cells = (cell.strip() for cell in row.split("|"))
        for kind, cell in zip(FORMS, cells, strict=True):
            filled[name, kind] = [Form(frozenset(part.split())) for part in cell.split(";")]
    return filled


def codes(citations: Iterator[str] | Sequence[str]) -> set[str]:
    """The codes that citations name, with the articles of their paragraphs."""
    found: set[str] = set()
    for citation in citations:
        text = re.sub(r"GDPR Art\. \d+(\(\d+\))?", "", citation)
        text = re.sub(r"(?<=\d) \+ (?=\d)", " + Art. ", text)
        for point in re.findall(r"Annex III\s?\(?([1-8](?:\)?\([a-e]\))?)", text):
            found |= {"Annex III " + point.replace(")(", "("), "Article 6(2)"}
        for article, parts in re.findall(r"Art(?:icle|\.)\s?(\d+[a-z]?)((?:\(\w+\))*)", text):
            levels = re.findall(r"\(\w+\)", parts)
            found |= {f"Article {article}" + "".join(levels[:depth]) for depth in range(len(levels) + 1)}
    return found


def by_area(named: Sequence[str] | set[str]) -> set[str]:
    """The codes with areas instead of points of Annex III."""
    return {re.sub(r"^(Annex III \d)\(\w\)", r"\1", code) for code in named}


def ask(environment: Path, peer: str, program: str, requests: Sequence[Sequence[Any]]) -> Named | None:
    """The codes that a peer names: the union of its answers to the requests of each case.

    Returns:
        ``None`` if the peer is not installed.
    """
    python = environment / peer / "bin" / "python"
    if not python.exists():
        return None
    flat = json.dumps([request for case in requests for request in case])
    answer = subprocess.run([python, "-c", program], input=flat, capture_output=True, text=True, check=True)
    cited = iter(json.loads(answer.stdout))
    return [set[str]().union(*(codes(next(cited)) for _ in case)) for case in requests]


def version(environment: Path, peer: str) -> str:
    """The version of an installed peer and the size of its environment without pip."""
    folder = next((environment / peer).glob("lib/python*/site-packages"), None)
    if folder is None:
        return f"{peer} is not installed"
    info = next(folder.glob(f"{peer.replace('-', '_')}-*.dist-info"))
    files = (path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).parts[0][:3] != "pip")
    size = sum(path.stat().st_size for path in files) / 2**20
    return f"{peer} {info.stem.removesuffix('.dist-info').rpartition('-')[2]}, {folder.parent.name}, {size:.0f} MB"


def row(tool: str, kind: str, cases: Sequence[Case], named: Named) -> str:
    """A row of the table."""
    hits = wanted = over = listed = severe = minimal = area_hits = area_wanted = area_over = area_listed = 0
    for (system, _), found in zip(cases, named, strict=True):
        expected, wrong = set(system["expected"]), set(system["overclaims"])
        hits, wanted = hits + len(expected & found), wanted + len(expected)
        over, listed = over + len(wrong & found), listed + len(wrong)
        areas, areas_found = by_area(expected), by_area(found)
        areas_wrong = by_area(wrong) - areas
        area_hits, area_wanted = area_hits + len(areas & areas_found), area_wanted + len(areas)
        area_over, area_listed = area_over + len(areas_wrong & areas_found), area_listed + len(areas_wrong)
        minimal += bool(system.get("minimal"))
        severe += bool(system.get("minimal")) and any(code.startswith(SEVERE) for code in found)
    return (
        f"| {tool} | {kind} | {hits}/{wanted} = {hits / wanted:.2f} | {over}/{listed} | {severe}/{minimal} "
        f"| {area_hits}/{area_wanted} = {area_hits / area_wanted:.2f} | {area_over}/{area_listed} "
        f"| {sum(map(len, named)) / len(named):.0f} |"
    )


def assess(cases: Sequence[Case]) -> Named:
    """The codes of `assess`, except those that are ruled out."""
    graph = ThreatGraph.open()
    answers = (graph.assess(system[kind].strip()) for system, kind in cases)
    return [codes([found.code for found in answer.provisions if found.status != "ruled out"]) for answer in answers]


def tables(
    environment: Path, cases: Sequence[Case], filled: dict[tuple[str, str], list[Form]]
) -> Iterator[tuple[str, Named | None]]:
    """What each tool names; without filled forms, only the tools that need none."""
    texts = [system[kind].strip() for system, kind in cases]
    every = [area for area, _ in AREAS]
    riskforge = partial(ask, environment, "riskforge", RISKFORGE)
    yield "threatgraph", assess(cases)
    yield "riskforge, all areas", riskforge([[(text, every)] for text in texts])
    if any((system["name"], kind) not in filled for system, kind in cases):
        return
    forms = [filled[system["name"], kind] for system, kind in cases]
    yield (
        "riskforge, areas of the filled form",
        riskforge(
            [
                [(text, sorted({AREAS[int(point[0]) - 1][0] for form in own for point in form.points}))]
                for text, own in zip(texts, forms, strict=True)
            ]
        ),
    )
    requests = [[answers for form in own for answers in form.companion()] for own in forms]
    yield "ai-act-companion, filled form", ask(environment, "ai-act-companion", COMPANION, requests)
    requests = [[profile for form in own for profile in form.classifier()] for own in forms]
    yield "eu-ai-act-classifier, filled form", ask(environment, "eu-ai-act-classifier", CLASSIFIER, requests)
    yield "filled form, no tool", [set[str]().union(*(form.codes() for form in own)) for own in forms]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=Path, default=FOLDER / "assess_systems.toml", help="descriptions of systems")
    parser.add_argument("--environment", type=Path, required=True, help="the folder with the environments of the peers")
    parser.add_argument("--answers", type=Path, help="the filled forms of other systems, in the form of ANSWERS")
    options = parser.parse_args()
    systems = tomllib.loads(options.systems.read_text(encoding="utf-8"))["system"]
    filled = read_answers(options.answers.read_text(encoding="utf-8") if options.answers else ANSWERS)
    print("| tool | form | candidates | overclaims | minimal-risk, severe | by area: candidates | overclaims | codes |")
    print("|---|---|---|---|---|---|---|---|")
    results = {kind: tables(options.environment, [(system, kind) for system in systems], filled) for kind in FORMS}
    for rows in zip(*results.values(), strict=True):
        for kind, (tool, named) in zip(FORMS, rows, strict=True):
            cases = [(system, kind) for system in systems]
            print(row(tool, kind, cases, named) if named is not None else f"| {tool} | {kind} | not installed ||||||")
    missing = sum((system["name"], kind) not in filled for system in systems for kind in FORMS)
    if missing:
        print(f"\n{missing} descriptions have no filled form, so tools that need one are left out.")
    print(f"\nthreatgraph {metadata.version('threatgraph')}")
    for peer in ("riskforge", "ai-act-companion", "eu-ai-act-classifier"):
        print(version(options.environment, peer))


if __name__ == "__main__":
    main()
