"""The programs for a query run it as it is, whatever signs it has."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from http_server import Running, serving
from threatgraph import ThreatGraph
from threatgraph.web.query_code import in_python, in_r, in_shell, query_code, query_form

#: Signs that mean something in one of the languages, and others that are easily lost.
SIGNS = "\"'\\$`!%#{}()-\n\t @éß風𝒳\u202e\u2028\u0007"
AWKWARD = (
    *('"', '""', '"""', '\\"""', "'", "\\", "\\\\n", "$HOME `id` $(id)", "!!", ')"', ')-"', ')--" )-"', "a\n\nb\n"),
    *("é 風 𝒳", "\u202e", "%s {} {{}} ${x}", "@file", "-n", ""),
)
texts = st.text(st.sampled_from(SIGNS), max_size=30) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
#: A query whose literal has what the languages treat in different ways.
HARD = """# it's "hard" \\ $HOME )" )-"
SELECT ?text ?label {
  VALUES ?text { "a\\"b\\\\c'd$HOME`e`%s{} é風𝒳 )\\" )-\\"" '''f
g''' }
  pattern:goal-drift skos:prefLabel ?label
} ORDER BY ?text"""
VALUES = {'a"b\\c\'d$HOME`e`%s{} é風𝒳 )" )-"', "f\ng"}


@given(texts)
@example('"""')
@example('\\"')
def test_a_text_is_a_literal_of_python(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    literal = in_python(lines)
    assert ast.literal_eval(literal) == lines
    assert "\u202e" not in literal  # it would show other code than runs


@given(texts)
def test_a_text_is_a_string_of_r(text: str) -> None:
    """The grammar of R: r"---(…)---", which ends at the first closing parenthesis with as many dashes and a quote.

    R rejects characters that reorder text in such strings, so those are in strings with escapes, as in Python.
    """
    literal = in_r(text)
    if not literal.startswith("r"):
        assert ast.literal_eval(f'""{literal}""') == text
        return
    dashes = literal[2:].partition("(")[0]
    assert set(dashes) <= {"-"}
    content, end, rest = literal.removeprefix(f'r"{dashes}(').partition(f'){dashes}"')
    assert (content, end, rest) == (text, f'){dashes}"', "")


def test_a_text_is_a_word_of_a_shell() -> None:
    for text in (*AWKWARD, SIGNS):
        done = subprocess.run(["sh", "-c", f"printf %s {in_shell(text)}"], capture_output=True, check=True, timeout=30)
        assert done.stdout.decode() == text


def test_r_reads_its_strings() -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed")
    for text in (*AWKWARD, HARD):
        code = f"cat({in_r(text)})"
        done = subprocess.run(["Rscript", "-"], input=code.encode(), capture_output=True, check=True, timeout=60)
        assert done.stdout.decode() == text


def test_the_form_of_a_query_is_that_of_its_keyword() -> None:
    assert query_form("# ASK\nPREFIX describe: <urn:construct#ask>\nSELECT * { ?ask describe:x ?y }") == "SELECT"
    assert query_form("prefix a: <urn:#> construct where { ?s ?p ?o }") == "CONSTRUCT"
    assert query_form("BASE <urn:select> ask{}") == "ASK"
    assert query_form("not a query") == "SELECT"


def test_lines_of_forms_end_as_lines_of_files_do() -> None:
    assert query_code("ASK\r\n{}", None) == query_code("ASK\n{}", None)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving() as running:
        yield running


def run(query: str, endpoint: str | None, name: str) -> str:
    """What one of the programs prints."""
    [code] = [code.text for code in query_code(query, endpoint) if code.name == name]
    command = [sys.executable, "-c", code] if name == "python" else ["sh", "-c", code]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_the_programs_for_an_endpoint_run(server: Running, curl: str) -> None:
    endpoint = f"{server.url}/sparql"
    answer = ast.literal_eval(run(HARD, endpoint, "python"))
    assert {row["text"]["value"] for row in answer["results"]["bindings"]} == VALUES
    assert '"f\ng",Goal Drift' in run(HARD, endpoint, "shell").replace("\r", "")
    assert '"boolean":true' in run("ASK {} #'", endpoint, "shell").replace(" ", "")
    assert ast.literal_eval(run("ASK {} #'", endpoint, "python"))["boolean"] is True
    triples = "CONSTRUCT { pattern:goal-drift rdfs:label ?l } { pattern:goal-drift skos:prefLabel ?l }"
    for name in ("python", "shell"):
        assert '"Goal Drift"@en' in run(triples, endpoint, name)


def test_the_programs_without_an_endpoint_run(graph: ThreatGraph, tmp_path: Path) -> None:
    assert "Goal Drift" in run(HARD, None, "python")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "threatgraph").write_text(f'#!/bin/sh\nexec {sys.executable} -m threatgraph "$@"\n', encoding="utf-8")
    (folder / "threatgraph").chmod(0o755)
    [code] = [code.text for code in query_code(HARD, None) if code.name == "shell"]
    shell = f"PATH={in_shell(str(folder))}:$PATH; {code}"
    assert (
        "Goal Drift" in subprocess.run(["sh", "-c", shell], capture_output=True, check=True, timeout=60).stdout.decode()
    )
