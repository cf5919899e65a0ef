"""An assessment with every part, for the tests of its output formats: a hiring system, with hostile texts on demand."""

from __future__ import annotations

from dataclasses import replace

from threatgraph.assess.assessment import Assessment
from threatgraph.assess.model import Control, Fact, Precedent, ProvisionFinding, Question, RegisterRow, ThreatFinding
from threatgraph.vocab import BASE

ACT = f"{BASE}provision/eu-ai-act-2024-1689/"
DESCRIPTION = "HR screening chatbot that ranks job applicants and rejects candidates automatically"
#: Texts that act as markup, code or formulas if a format does not escape them.
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[click](javascript:alert(1))",
    "| cell | <b>bold</b> `code` **strong** |",
    '=HYPERLINK("https://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\x1b[31mred\x07 \u202etext",
)


def provision(
    slug: str, code: str, label: str, status: str = "candidate", reason: str = "It matches."
) -> ProvisionFinding:
    return ProvisionFinding(
        iri=ACT + slug,
        framework="EU AI Act",
        code=code,
        label=label,
        status=status,  # type: ignore[arg-type]
        reason=reason,
        matched=("ranks job applicants",),
        summary="Systems that recruit or select people are high-risk.",
        conditions=("The system is intended to be used for recruitment.",),
        exceptions=("Narrow procedural tasks (Article 6(3)), unless the system profiles natural persons.",),
        roles=("provider", "deployer"),
        tier="high-risk",
        applies_from="2027-12-02",
    )


INCIDENT = Precedent(
    iri=f"{BASE}incident/amazon-recruiting-tool",
    label="Amazon's experimental recruiting tool reportedly penalizes women's résumés",
    occurred="2018-10",
    severity="high",
    outcome="The project ended.",
    sources=("https://www.reuters.com/article/idUSKCN1MK08G",),
    why="It also ranks job applicants.",
)


def threat(slug: str, code: str | None, label: str) -> ThreatFinding:
    return ThreatFinding(
        iri=f"{BASE}pattern/{slug}",
        code=code,
        label=label,
        abstract="Neutral inputs stand in for protected attributes and cause unequal treatment.",
        certainty="strong",
        score=0.61234567,
        why="Annex III 4(a) and 5 of the 20 most similar incidents show it.",
        severity="high",
        likelihood_trend="increasing",
        causes=("Training data bias",),
        affected=("Job applicants", "Vulnerable communities"),
        provisions=(f"{ACT}annex-iii-4-a", f"{ACT}article-26"),
        mitigations=(Control(f"{BASE}pattern/{slug}#measure-1", "Bias audit", "Test outcomes by group.", None),),
        controls=(Control(f"{BASE}provision/iso-iec-42001-2023/a.7.4", "A.7.4 Quality of data", "", "ISO/IEC 42001"),),
        indicators=("Selection rates differ between groups.",),
        response_steps=("Suspend the ranking.", "Notify the provider."),
        incidents=(INCIDENT,),
    )


def row(name: str, risk: str) -> RegisterRow:
    return RegisterRow(
        id=name,
        risk=risk,
        cause="Training data bias",
        affected="Job applicants; Vulnerable communities",
        severity="high",
        likelihood_trend="increasing",
        certainty="strong",
        obligations="EU AI Act Annex III 4(a)",
        controls="Bias audit",
        incidents=INCIDENT.label,
        references="https://www.reuters.com/article/idUSKCN1MK08G",
    )


def assessment() -> Assessment:
    """The sample."""
    return Assessment(
        title="HR screening chatbot",
        description=DESCRIPTION,
        facts=(Fact("sector", "employment", "job applicants"), Fact("profiling", "yes", "ranks job applicants")),
        roles=("deployer",),
        tier="high-risk",
        provisions=(
            provision("annex-iii-4-a", "Annex III 4(a)", "Recruitment and selection"),
            provision("article-26", "Article 26", "Obligations of deployers of high-risk AI systems", "to check"),
            provision("article-27", "Article 27", "Impact assessment", "ruled out", "No public body uses it."),
        ),
        threats=(
            threat("proxy-discrimination", "PAT-SOC-004", "Proxy Discrimination"),
            threat("allocational-harm", None, "Allocational Harm"),
        ),
        incidents=(INCIDENT,),
        questions=(
            Question(
                id="public-body",
                text="Is the organization a public body, or does it provide a public service?",
                why="Article 27 applies to some deployers only.",
                options=("yes", "no"),
                settles=(f"{ACT}article-27",),
            ),
        ),
        register=(row("PAT-SOC-004", "Proxy Discrimination"), row("allocational-harm", "Allocational Harm")),
        notes=("The description is short; a longer one gives better results.",),
    )


def hostile() -> Assessment:
    """The sample with each hostile text in the description, a title, a reason, a URL and the register."""
    sample, text = assessment(), "\n".join(HOSTILE)
    first, *others = sample.provisions
    incident = replace(INCIDENT, label=text, sources=("javascript:alert(1)", 'https://example.org/"><script>'))
    found = replace(sample.threats[0], label=text, why=text, indicators=HOSTILE, incidents=(incident,))
    return replace(
        sample,
        title=text,
        description=text,
        facts=(Fact("sector", text, text),),
        provisions=(replace(first, label=text, reason=text, matched=HOSTILE), *others),
        threats=(found, sample.threats[1]),
        incidents=(incident,),
        questions=(replace(sample.questions[0], text=text, options=HOSTILE),),
        register=tuple(replace(sample.register[0], id=f"row-{n}", risk=risk) for n, risk in enumerate(HOSTILE)),
        notes=HOSTILE,
    )
