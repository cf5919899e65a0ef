"""Words and spelling: texts use the field's terms, in American English.

``PHRASES`` lists expressions that made earlier texts hard to read, with the word to use instead. A line that needs such
an expression, such as one that quotes a source, is listed in ``ALLOWED``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("docs", "src", "queries", "ontology", "tools", ".github")
FILES = sorted(
    [
        *ROOT.glob("*.md"),
        ROOT / "data" / "README.md",
        *(
            path
            for folder in FOLDERS
            for path in (ROOT / folder).rglob("*")
            if path.suffix in (".md", ".py", ".rq", ".ttl", ".yml")
            and not {"_build", "site"} & set(path.relative_to(ROOT).parts)
        ),
    ]
)

#: Pattern to the better words. Patterns match whole words, also with a capital letter at the beginning.
PHRASES = {
    r"(?<!there )(?:is|are) no(?! (?:longer|more|less|fewer|further|other)\b)": "is not a",
    r"stands? (?:in|for)": "is in; means",
    r"whole or not at all": "atomically",
    r"sp(?:eaks?|oke) (?:for|of)": "supports; refers to",
    r"take it away": "export",
    r"by way of": "through; via",
    r"(?:links?|leads?) to nothing": "dangling reference",
    r"the first so many": "at most N",
    r"told|tells?(?!\()": "report; state; show",
    r"is there already": "already exists",
    r"asks? other servers": "federated query (SERVICE)",
    r"what nothing reaches": "coverage gaps",
    r"a (?:evidence|actor|impact|affected|incident|asset|exposure|ontology|importer)": "an",
    r"houses?|floors?|courtrooms?|fences?|fenced|referees?": "package; layer; subgraph; evaluator",
    r"suspects?": "candidate",
    r"judges?|judged|judging": "evaluate",
    r"harvests?|harvested": "import; result",
    r"weighed": "weighted",
    r"shipped|ships": "bundled",
    r"fault|faults": "issue; error",
    r"goes? in a circle|in a circle": "cycle",
    r"guess(?:es|ed)": "predict",
    r"alike": "similar",
    r"hollow": "incomplete",
    r"of ours": "our",
    r"what \w+(?: \w+)? (?:is|are) made of": "the parts of",
    r"pictures?": "chart; figure",
    r"puts? off": "throttle",
    r"front doors?": "public API",
}

#: Lines that may have one of the expressions: part of a path, and a pattern for the line, with the reason.
ALLOWED = (
    ("LANGUAGE.md", r".", "lists the expressions"),
    ("CHANGELOG.md", r".", "is the history"),
    ("data/README.md", r"floor", "quotes a record"),
    ("", r"[Hh]ousing|[Ww]arehouse|White House|in-house|[Hh]ouse of", "names and other words"),
    ("", r"did you mean|[Dd]id you guess", "usual English"),
    ("ontology/", r"suspected (?:fraud|crime)|is suspected", "a legal term"),
    ("", r"judg(?:e|es) (?:who|that|of the|ruled)|a (?:court|federal) judge", "judges of a court"),
    ("", r"at fault|default|fault tolerance", "usual English"),
    ("export/stix", r"judg|guess", "terms of STIX"),
    ("checks/allegation", r"suspect", "the check lists words of allegations"),
    ("checks/text-style", r"by way of|told|tells", "the check lists the phrases that it looks for"),
)


_FORBIDDEN = {re.compile(rf"(?<![\w-])(?:{phrase})(?![\w-])"): better for phrase, better in PHRASES.items()}
_CAPITAL = re.compile(r"(?<!\w)(?!None\b)[A-Z](?=[a-z])")


def _expressions(line: str) -> Iterator[tuple[str, str]]:
    """The expressions in a line, each with the better words; names in capitals, such as FLOOR in SPARQL, are not."""
    plain = _CAPITAL.sub(lambda letter: letter[0].lower(), line)
    for phrase, better in _FORBIDDEN.items():
        yield from ((match[0], better) for match in phrase.finditer(plain))


def _is_allowed(path: str, line: str) -> bool:
    return any(part in path and re.search(pattern, line) for part, pattern, _ in ALLOWED)


def found(path: Path) -> list[str]:
    """The expressions in a file, each as ``file:line: expression: better words``."""
    name = path.relative_to(ROOT).as_posix()
    return [
        f"{name}:{number}: {expression!r}: write {better!r}"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if not _is_allowed(name, line)
        for expression, better in _expressions(line)
    ]


def test_there_is_something_to_read() -> None:
    assert len(FILES) > 200
    assert {path.suffix for path in FILES} == {".md", ".py", ".rq", ".ttl", ".yml"}


@pytest.mark.parametrize(
    "line", ["x is no code", "It Told us.", "links to nothing", "A weighed sum", "a evidence level"]
)
def test_an_expression_is_found(line: str) -> None:
    assert list(_expressions(line))


@pytest.mark.parametrize("line", ["if x is None:", "FLOOR(?x)", "no longer; is no longer used", "an evidence level"])
def test_plain_texts_pass(line: str) -> None:
    assert not list(_expressions(line))


def test_texts_use_the_terms_of_the_field() -> None:
    hits = [hit for path in FILES for hit in found(path)]
    assert not hits, f"{len(hits)} expressions to replace:\n" + "\n".join(hits)


def test_the_spelling_is_american() -> None:
    """Words of the project that codespell does not know are in ``pyproject.toml``."""
    command = [sys.executable, "-m", "codespell_lib"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
