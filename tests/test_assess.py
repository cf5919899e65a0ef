"""Assessments: from a description, a profile or patterns to candidates of the AI Act and ranked threats."""

from __future__ import annotations

from pathlib import Path

import pytest

from threatgraph import ThreatGraph
from threatgraph.assess.assessment import Assessment
from threatgraph.assess.facts import extract
from threatgraph.assess.model import STATUSES
from threatgraph.errors import InvalidFile, InvalidQuery, UnknownName

HR = "HR screening chatbot that ranks job applicants and answers their questions. A recruiter makes the final decision."
TRIAGE = (
    "We develop a triage assistant for emergency departments and sell it to hospitals under our own name. It reads the "
    "symptoms that patients type, suggests an urgency level, and a nurse confirms it. It is a class IIa medical device."
)
CODING = (
    "We use a coding agent that is built on a commercial language model. It reads tickets, writes patches, merges them "
    "and runs migrations with production credentials. Nobody approves small changes."
)
BANK = (
    "Our bank runs a voice bot for its customers that we bought from a vendor. It answers callers with a synthetic "
    "voice, checks their identity by voice print and orders transfers. It makes no credit decisions."
)
PROCTORING = (
    "Our university uses software of a vendor that we bought to watch students by webcam during online exams. It flags "
    "suspicious behavior; a teacher reviews each recording."
)
IMAGES = (
    "We sell an image generator for advertising. Small shops upload product photos and get photorealistic pictures "
    "with people who do not exist."
)
SEVERE = ("Annex III", "Article 5(", "Article 6", "Article 53")


def codes(assessment: Assessment, *statuses: str) -> set[str]:
    """The codes of the provisions with a status; by default, of those that are not ruled out."""
    wanted = statuses or ("candidate", "to check")
    return {finding.code for finding in assessment.provisions if finding.status in wanted}


def top(assessment: Assessment, most: int = 8) -> list[str]:
    return [threat.iri.rpartition("/")[2] for threat in assessment.threats[:most]]


def test_a_hiring_chatbot_is_a_high_risk_candidate_with_transparency_duties(graph: ThreatGraph) -> None:
    found = graph.assess(HR)
    assert found.tier == "high-risk"
    assert {"Annex III 4(a)", "Article 6(2)", "Article 26(11)", "Article 86", "Article 10", "Article 50(1)"} <= codes(
        found
    )
    assert codes(found).isdisjoint({"Annex III 5(b)", "Article 5(1)(f)", "Article 6(1)", "Annex III 1(a)"})
    assert {"allocational-harm", "proxy-discrimination", "prompt-injection"} <= set(top(found))
    assert any("Workday" in incident.label for incident in found.incidents)
    assert "role" in [question.id for question in found.questions]


def test_a_triage_assistant_follows_both_routes_of_article_6(graph: ThreatGraph) -> None:
    found = graph.assess(TRIAGE)
    assert {"Article 6(1)", "Annex III 5(d)", "Article 9", "Article 43", "Article 72", "Article 73"} <= codes(found)
    assert "Article 26" not in codes(found), "the provider is not the deployer"
    assert {"overreliance-automation-bias", "data-imbalance-bias"} <= set(top(found))


def test_a_coding_agent_has_security_threats_and_no_high_risk_candidate(graph: ThreatGraph) -> None:
    found = graph.assess(CODING)
    assert found.tier in ("minimal", "transparency")
    assert not [
        code for code in codes(found) if code.startswith(("Annex III", "Article 5(", "Article 6", "Article 53"))
    ]
    assert {"tool-misuse-privilege-escalation", "prompt-injection"} <= set(top(found, 4))
    assert "permissions" in [question.id for question in found.questions]


def test_a_voice_bot_of_a_bank_is_not_credit_scoring_nor_identification(graph: ThreatGraph) -> None:
    found = graph.assess(BANK)
    assert "Annex III 5(b)" not in codes(found)
    assert {"Annex III 1(a)", "Article 5(1)(h)"} <= codes(found, "ruled out")
    assert "Article 50(1)" in codes(found, "to check"), "who runs a bot under its own name may be its provider"
    assert "Article 50(1)" in codes(graph.assess(BANK, role="deployer"), "ruled out"), "it binds the provider"
    assert {"deepfake-identity-hijacking", "biometric-exploitation"} <= set(top(found))


def test_exam_proctoring_is_high_risk_and_asks_for_a_fundamental_rights_assessment(graph: ThreatGraph) -> None:
    found = graph.assess(PROCTORING)
    assert {"Annex III 3(d)", "Article 26", "Article 27", "Article 26(11)"} <= codes(found)
    assert codes(found).isdisjoint({"Article 9", "Annex III 4(a)", "Article 5(1)(f)"})


def test_an_image_generator_must_mark_its_output(graph: ThreatGraph) -> None:
    found = graph.assess(IMAGES)
    assert "Article 50(2)" in codes(found, "candidate")
    assert {"Article 5(1)(ba)", "Article 5(1)(bb)"} <= codes(found, "to check")
    assert "Article 50(4)" in codes(graph.assess(IMAGES, role="provider"), "ruled out"), "it binds the deployer"
    assert not [code for code in codes(found) if code.startswith("Annex III")]
    assert {"synthetic-media-manipulation", "training-data-appropriation"} <= set(top(found))


@pytest.mark.parametrize(
    ("text", "ruled_out", "because"),
    [
        ("We set motor insurance premiums with a model.", "Annex III 5(c)", "life and health"),
        ("A model rates the creditworthiness of companies.", "Annex III 5(b)", "natural persons"),
        ("Rates whether our business customers will repay a loan.", "Annex III 5(b)", "customers are companies"),
        ("It detects fraud in card payments.", "Annex III 5(b)", "fraud"),
        ("The phone is unlocked by face verification.", "Annex III 1(a)", "verification"),
        ("It predicts burglary hot spots for patrols of the police.", "Article 5(1)(d)", "places"),
        ("A planner of volunteers and bus routes for an election campaign.", "Annex III 8(b)", "campaigns"),
        ("Contract review for a law firm.", "Annex III 8(a)", "lawyers"),
        ("Emotion recognition by camera warns tired drivers.", "Article 5(1)(f)", "safety"),
        ("Real-time facial recognition keeps banned fans out of a stadium.", "Article 5(1)(h)", "law enforcement"),
    ],
)
def test_an_exception_rules_a_provision_out_and_says_why(
    graph: ThreatGraph, text: str, ruled_out: str, because: str
) -> None:
    found = graph.assess(text)
    assert ruled_out in codes(found, "ruled out")
    assert because in next(finding.reason for finding in found.provisions if finding.code == ruled_out)


def test_emotion_recognition_is_prohibited_at_work_and_in_schools_and_high_risk_elsewhere(graph: ThreatGraph) -> None:
    for place in ("employees during shifts", "pupils in a classroom"):
        at_work = graph.assess(f"A camera detects the emotions in the faces of {place}.")
        assert at_work.tier == "prohibited"
        assert {"Article 5(1)(f)", "Annex III 1(c)"} <= codes(at_work, "candidate")
    shop = graph.assess("A camera detects the emotions in the faces of customers in a shop.")
    assert "Article 5(1)(f)" in codes(shop, "ruled out")
    assert "Annex III 1(c)" in codes(shop, "candidate")


def test_profiling_overrides_the_derogation_of_article_6_3(graph: ThreatGraph) -> None:
    text = "A tool checks the completeness of cover letters and CVs for a recruiter."
    assert "Article 6(3)" in codes(graph.assess(text), "to check")
    profiled = graph.assess(text, profile={"profiling": "yes"})
    assert "Article 6(3)" in codes(profiled, "ruled out")
    assert "profiling" not in [question.id for question in profiled.questions]


def test_the_dates_are_those_of_the_amended_act_by_route(graph: ThreatGraph) -> None:
    def date(found: Assessment, code: str) -> str | None:
        return next(finding.applies_from for finding in found.provisions if finding.code == code)

    assert date(graph.assess(HR), "Article 9") == "2027-12-02"
    assert date(graph.assess(HR), "Annex III 4(a)") == "2027-12-02"
    product = graph.assess("We sell a surgical robot as a medical device of class III to hospitals.")
    assert date(product, "Article 9") == "2028-08-02"
    assert date(graph.assess("An app that undresses people in photos."), "Article 5(1)(ba)") == "2026-12-02"


def test_duties_follow_the_role(graph: ThreatGraph) -> None:
    deployer = graph.assess(HR, role="deployer")
    provider = graph.assess(HR, role="provider")
    assert "Article 26" in codes(deployer, "candidate")
    assert codes(deployer).isdisjoint({"Article 9", "Article 43", "Article 72"})
    assert {"Article 9", "Article 43", "Article 49", "Article 72"} <= codes(provider, "candidate")
    assert codes(provider).isdisjoint({"Article 26", "Article 27"})
    assert {"Article 23"} <= codes(graph.assess(HR, role="importer"))


def test_the_fundamental_rights_assessment_is_for_public_deployers_and_credit_and_insurance(graph: ThreatGraph) -> None:
    credit = graph.assess("Our bank uses a bought model that scores the creditworthiness of people.", role="deployer")
    assert "Article 27" in codes(credit, "candidate")
    warehouse = "A warehouse monitors the productivity of its workers."
    private = graph.assess(warehouse, role="deployer", profile={"public-authority": "no"})
    assert "Article 27" in codes(private, "ruled out")
    assert "Article 27" in codes(graph.assess(f"Our company has a {warehouse.lower()[2:]}"), "ruled out")
    grid = graph.assess("A controller opens and closes breakers in the power grid.", role="deployer")
    assert "Annex III 2" in codes(grid)
    assert codes(grid).isdisjoint({"Article 27", "Article 86", "Article 26(11)"})


@pytest.mark.parametrize(
    ("text", "paragraph"),
    [
        (
            "A model solely for scientific research, never put on the market; it ranks job applicants.",
            "2(6)",
        ),
        ("A targeting system that is used exclusively for military purposes; it recognizes faces in crowds.", "2(3)"),
    ],
)
def test_what_article_2_excludes_is_ruled_out(graph: ThreatGraph, text: str, paragraph: str) -> None:
    found = graph.assess(text)
    assert codes(found) == {"Article 2"}
    assert paragraph in found.provisions[0].reason
    assert codes(found, "ruled out")


def test_providers_of_general_purpose_models_have_the_duties_of_article_53(graph: ThreatGraph) -> None:
    found = graph.assess("We train and release a general-purpose language model with open weights.")
    assert found.tier == "general-purpose"
    assert {"Article 53", "Article 53(1)(c)", "Article 53(1)(d)"} <= codes(found, "candidate")
    assert {"Article 53(2)", "Article 51"} <= codes(found, "to check")
    built_on = graph.assess("A support chatbot that is built on a commercial language model.")
    assert "Article 53" in codes(built_on, "ruled out")


@pytest.mark.parametrize(
    "text",
    ["A spam filter for the mail of an office.", "Forecast of inventory for a supermarket.", "A chess game with bots."],
)
def test_a_system_for_which_nothing_speaks_is_minimal_risk_with_a_note(graph: ThreatGraph, text: str) -> None:
    found = graph.assess(text)
    assert found.tier == "minimal"
    assert codes(found) == {"Article 4", "Article 95"}
    assert any("minimal risk, unless" in note for note in found.notes)


@pytest.mark.parametrize(
    "sentence",
    [
        "The system does not rank job applicants.",
        "It makes no decisions on loans and never scores borrowers.",
        "Recruiting of applicants is handled by a different system.",
        "We decided against a tool that ranks job applicants.",
    ],
)
def test_what_is_denied_or_about_something_else_is_not_stated(sentence: str) -> None:
    facts = extract(sentence)
    assert not facts.values("use")


@pytest.mark.parametrize(
    "sentence",
    [
        "My brother-in-law sells a tool that ranks job applicants.",
        "The bank next door has a tool that ranks job applicants.",
        "A customer uses us to rank job applicants, that's their business.",
        "There was talk of a tool that ranks job applicants.",
        "The vendor would also rank job applicants, we declined.",
        "It prints labels, and we threw out the idea of ranking job applicants.",
        "The vendor showed a tool that ranks job applicants. We did not buy it.",
        "Job applicants are not ranked.",
    ],
)
def test_what_others_do_and_what_was_dropped_is_not_stated(sentence: str) -> None:
    assert not extract(f"Our system counts the boxes in a warehouse. {sentence}").values("use")


def test_a_clause_about_something_else_leaves_the_rest_of_the_sentence() -> None:
    facts = extract("We sell software. It ranks job applicants, and we dropped the idea of reading moods from faces.")
    assert facts.values("use") == ("recruitment",)


def test_two_neighboring_sentences_state_a_use_together() -> None:
    first = "The city pays a rent allowance to families."
    second = "A model picks the files that look suspicious."
    assert "public-benefits" in extract(f"{first} {second}").values("use")
    assert not extract(first).values("use")
    assert not extract(second).values("use")


def test_an_exclusion_for_one_customer_leaves_the_others(graph: ThreatGraph) -> None:
    army = "We sell masts that detect walking people to the army, soldiers only."
    found = graph.assess(f"{army} The border guard uses them to notice people who cross.")
    assert "Annex III 7(d)" in codes(found, "candidate")
    assert "Article 2" in codes(found, "to check")


def test_comparable_incidents_share_uses_and_threats(graph: ThreatGraph) -> None:
    found = graph.assess(HR)
    assert any("Same use (Annex III 4(a))" in incident.why for incident in found.incidents)
    assert any("ame kinds of threats" in incident.why for incident in found.incidents)


def test_facts_quote_the_words_of_the_description(graph: ThreatGraph) -> None:
    found = graph.assess(HR)
    assert found.facts
    for fact in found.facts:
        assert all(part in HR for part in fact.words.split(" … "))


def test_every_finding_has_a_reason_and_every_candidate_its_conditions(graph: ThreatGraph) -> None:
    for text in (HR, TRIAGE, CODING, BANK, PROCTORING, IMAGES):
        found = graph.assess(text)
        assert len(found.questions) <= 8
        for finding in found.provisions:
            assert finding.status in STATUSES
            assert finding.reason.endswith(".")
            assert finding.conditions or finding.exceptions
        for threat in found.threats:
            assert threat.why.endswith(".")
            assert threat.mitigations
            assert threat.indicators
            assert threat.response_steps
            assert all(incident.sources for incident in threat.incidents)
        names = [threat.code or threat.iri.rpartition("/")[2] for threat in found.threats]
        assert [row.id for row in found.register] == names


def test_the_same_input_gives_the_same_assessment(graph: ThreatGraph) -> None:
    assert graph.assess(PROCTORING) == graph.assess(PROCTORING)


def test_patterns_that_the_user_names_come_first(graph: ThreatGraph) -> None:
    found = graph.assess(patterns=["goal-drift", "PAT-SYS-005"], top=2)
    assert set(top(found)) == {"goal-drift", "strategic-misalignment"}
    assert found.tier == "minimal"


def test_frameworks_limit_provisions_and_controls(graph: ThreatGraph) -> None:
    found = graph.assess(HR, frameworks=["iso-42001"])
    assert found.provisions == ()
    assert found.questions == ()
    listed = {control.framework for threat in found.threats for control in threat.controls}
    assert len(listed) <= 1


def test_a_profile_in_yaml_and_turtle_answers_questions(graph: ThreatGraph, tmp_path: Path) -> None:
    yaml = tmp_path / "system.yaml"
    yaml.write_text(
        "title: Screening\npurpose: ranks job applicants\nrole: deployer\nprofiling: yes\n", encoding="utf-8"
    )
    turtle = tmp_path / "system.ttl"
    turtle.write_text(
        'PREFIX p: <https://example.org/>\np:system p:title "Screening" ; p:purpose "ranks job applicants" ;\n'
        '  p:role "deployer" ; p:profiling true .\n',
        encoding="utf-8",
    )
    first, second = graph.assess(profile=yaml), graph.assess(profile=turtle)
    assert first.title == second.title == "Screening"
    assert first.roles == second.roles == ("deployer",)
    assert first.provisions == second.provisions
    assert "Article 6(3)" in codes(first, "ruled out")
    assert {"role", "profiling"}.isdisjoint({question.id for question in first.questions})


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({"purpos": "x"}, "did you mean 'purpose'"),
        ({"profiling": "perhaps"}, "The answers are yes, no"),
        ({"sector": "basket weaving"}, "The values are"),
        ({"role": "deploier"}, "unknown value of role"),
    ],
)
def test_a_profile_with_a_mistake_is_rejected_with_what_is_known(
    graph: ThreatGraph, profile: dict[str, str], message: str
) -> None:
    with pytest.raises(UnknownName, match=message):
        graph.assess(profile=profile)


@pytest.mark.parametrize(
    ("name", "content"),
    [("list.yaml", "- a\n- b\n"), ("bad.yaml", "a: [\n"), ("bad.ttl", "a b c\n"), ("bytes.yaml", "\udcff")],
)
def test_a_file_that_is_not_a_profile_is_rejected(graph: ThreatGraph, tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InvalidFile):
        graph.assess(profile=path)
    with pytest.raises(InvalidFile):
        graph.assess(profile=tmp_path / "missing.yaml")


def test_input_that_cannot_be_assessed_is_an_error(graph: ThreatGraph) -> None:
    for empty in ("", "  \n "):
        with pytest.raises(InvalidQuery, match="empty"):
            graph.assess(empty)
    with pytest.raises(InvalidQuery, match="requires a description"):
        graph.assess()
    with pytest.raises(InvalidQuery, match="at least 1"):
        graph.assess(HR, top=0)
    with pytest.raises(UnknownName, match="deployer"):
        graph.assess(HR, role="deploier")


def test_a_poor_description_gets_a_note(graph: ThreatGraph) -> None:
    assert any("very short" in note for note in graph.assess("Chatbot").notes)
    assert graph.assess("Hello").threats == ()
    german = "Wir haben ein System, das die Bewerbungen von Menschen liest und eine Liste für die Firma macht."
    assert any("German" in note for note in graph.assess(german).notes)
    assert graph.assess(german).tier == "not settled"
    recipe = "Mix flour, water and salt. Let the dough rest for twelve hours, then bake the bread until it is brown."
    unrelated = graph.assess(recipe)
    assert unrelated.tier == "minimal"
    assert any("no known facts" in note for note in unrelated.notes)


def test_a_very_long_description_is_read_up_to_a_limit(graph: ThreatGraph) -> None:
    long = HR + " The weather was fine that day." * 33_000
    found = graph.assess(long)
    assert "Annex III 4(a)" in codes(found)
    assert any("characters were read" in note for note in found.notes)
