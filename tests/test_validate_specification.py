"""Results on shapes as other projects write them, with values derived from the SHACL specification."""

from __future__ import annotations

from pathlib import Path

import pytest

from threatgraph.errors import InvalidShape
from validation_samples import COMPONENT, MODES, SHAPE, report_on

DECLARED = 'ex:prefixes sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/"^^xsd:anyURI ] . '
ALONG = 'sh:sparql [ sh:prefixes ex:prefixes ; sh:select "SELECT $this ?value WHERE { $this $PATH ?value }" ] . '
REPEATED = "[ sh:zeroOrOnePath [ sh:oneOrMorePath ( ex:p ex:q ) ] ]"
ASK = 'sh:validator [ a sh:SPARQLAskValidator ; sh:ask "ASK { FILTER(1 = 2) }" ] . '
#: Shapes, data and the number of results.
COUNTED = {
    "closed without any property": (f"{SHAPE} sh:closed true .", "ex:a a ex:P ; ex:p 1 .", 2),
    "closed with an empty list": (f"{SHAPE} sh:closed true ; sh:ignoredProperties () .", "ex:a a ex:P .", 1),
    "an empty language range": (
        f'{SHAPE} sh:property [ sh:path ex:name ; sh:languageIn ( "" ) ] .',
        'ex:a a ex:P ; ex:name "plain", "English"@en .',
        2,
    ),
    "an IRI with a slash as $PATH": (
        f"{DECLARED} ex:S sh:targetNode ex:a ; sh:path <https://example.org/a/b> ; {ALONG}",
        "ex:a <https://example.org/a/b> 1 ; ex:a ex:c . ex:c <https://example.org/b> 2, 3 .",
        1,
    ),
    "a repeated path of a repeated path as $PATH": (
        f"{DECLARED} ex:S sh:targetNode ex:a ; {ALONG[:-3]} ; sh:path {REPEATED} .",
        "ex:a ex:p ex:b . ex:b ex:q ex:c .",
        2,
    ),
    "an inverse of a sequence as $PATH": (
        f"{DECLARED} ex:S sh:targetNode ex:a ; sh:path [ sh:inversePath ( ex:p ex:q ) ] ; {ALONG}",
        "ex:c ex:p ex:b . ex:b ex:q ex:a .",
        1,
    ),
    "a limit with a sign": (f"{SHAPE} sh:property [ sh:path ex:none ; sh:minCount +1 ] .", "ex:a a ex:P .", 1),
}
#: Shapes that SHACL calls ill-formed, and what the error names.
ILL_FORMED = {
    "sh:property [ sh:path () ; sh:minCount 1 ] .": "sh:path",
    "sh:property [ sh:path [ sh:inversePath ex:p ; sh:zeroOrMorePath ex:q ] ; sh:maxCount 1 ] .": "sh:path",
    "sh:property [ sh:path [ sh:inversePath ex:p, ex:q ] ; sh:maxCount 1 ] .": "sh:path",
    "sh:property [ sh:path ( ex:p [ sh:alternativePath ( ex:q ) ] ) ; sh:maxCount 1 ] .": "sh:path",
    "sh:property [ sh:path _:p ; sh:maxCount 1 ] . _:p sh:inversePath _:p .": "sh:path",
    'sh:property [ sh:path ex:p ; sh:minCount "\u0661"^^xsd:integer ] .': "sh:minCount",
    'sh:sparql [ sh:select "SELECT ?x WHERE { ?x ?p $this }" ] .': "does not select $this",
}
#: Terms that look like constraints but have no effect, so that the graph must not be reported as conforming.
UNEVALUATED = {
    f"{SHAPE} sh:nodeKind sh:IRI . ex:T a <http://www.w3.org/ns/SHACL#NodeShape> .": "SHACL#",
    f"{SHAPE} <http://www.w3.org/ns/shcal#nodeKind> sh:Literal .": "shcal#",
    f"{SHAPE} ex:in ex:O . ex:O ex:has ex:S , ex:T . ex:T ex:in ex:O ; sh:targetclas ex:P .": "targetclas",
    COMPONENT.replace("a sh:ConstraintComponent ; ", "") + f"{ASK} {SHAPE} ex:only 1 .": "sh:validator",
}


@MODES
@pytest.mark.parametrize("name", COUNTED)
def test_results_are_those_of_the_specification(name: str, fast: bool, tmp_path: Path) -> None:
    shapes, data, count = COUNTED[name]
    report = report_on(tmp_path, shapes, data, fast=fast)
    assert not report.unevaluated
    assert len(report.results) == count


@MODES
@pytest.mark.parametrize("constraint", ILL_FORMED)
def test_ill_formed_shapes_are_refused(constraint: str, fast: bool, tmp_path: Path) -> None:
    with pytest.raises(InvalidShape) as refused:
        report_on(tmp_path, SHAPE + constraint, fast=fast)
    assert ILL_FORMED[constraint] in str(refused.value)


@MODES
@pytest.mark.parametrize("shapes", UNEVALUATED)
def test_a_term_without_effect_is_reported(shapes: str, fast: bool, tmp_path: Path) -> None:
    report = report_on(tmp_path, shapes, fast=fast)
    assert any(UNEVALUATED[shapes] in str(item) for item in report.unevaluated)
    assert not report.conforms


def test_terms_of_other_namespaces_are_ignored(tmp_path: Path) -> None:
    report = report_on(
        tmp_path, f"{SHAPE} ex:path ex:p ; <http://www.w3.org/2004/02/skos/core#member> 1 ; sh:nodeKind sh:IRI ."
    )
    assert report.conforms


@MODES
def test_a_list_of_thousands_of_values_is_checked(fast: bool, tmp_path: Path) -> None:
    members = " ".join(f"ex:n{number}" for number in range(3000))
    data = "ex:n2999 a ex:P . ex:n3000 a ex:P ."
    report = report_on(tmp_path, f"{SHAPE} sh:in ( {members} ) .", data, fast=fast)
    assert [result.node for result in report.results] == ["https://example.org/n3000"]
    assert "not in list [<https://example.org/n0>, <https://example.org/n1>, " in report.results[0].message
    assert report.results[0].message.endswith(", …]")
