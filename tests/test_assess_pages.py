"""The page that assesses a system, on a running server: it shows what the library finds, and keeps nothing."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import openpyxl
import pytest

from http_server import Reply, Running, serving
from test_web import Page, check_page
from threatgraph import ThreatGraph
from threatgraph.assess import Assessment
from threatgraph.web.about import PAGES as ABOUT
from threatgraph.web.about import render_about
from threatgraph.web.citation import AUTHORS, LICENSES, TITLE
from threatgraph.web.file_pages import render_assess
from threatgraph.web.links import Links

TEXT = "Chatbot of a bank that decides on loans.\nIt rejects applicants automatically, without a person."
PROFILE = "title: Loan chatbot\nsector: finance\npublic-authority: no\n"
BOUNDARY = "x-boundary-of-tests"
Fields = Sequence[tuple[str, str]]


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    with serving() as running:
        yield running


def send(site: Running, fields: Fields, *, file: tuple[str, bytes] | None = None) -> Reply:
    """Send the form as a browser does, which ends lines with CR and LF."""
    parts = [
        f'name="{name}"\r\n\r\n{value}'.replace("\n", "\r\n").replace("\r\r", "\r").encode() for name, value in fields
    ]
    name, content = file or ("", b"")
    parts.append(f'name="file"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'.encode() + content)
    body = (
        b"".join(b"--%b\r\nContent-Disposition: form-data; %b\r\n" % (BOUNDARY.encode(), part) for part in parts)
        + b"--%b--\r\n" % BOUNDARY.encode()
    )
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return site.ask("/assess", "POST", body, content_type=kind, accept="text/html,*/*;q=0.8")


def see(site: Running, **parameters: str) -> Reply:
    return site.ask("/assess?" + urlencode(parameters), accept="text/html")


def shows(page: Page, found: Assessment) -> None:
    """The page has the findings of an assessment, with the records that they are about."""
    text = " ".join(page.text.split())
    for provision in found.provisions:
        assert " ".join(f"{provision.code} {provision.label}".split()) in text
        assert provision.reason in text
        assert provision.applies_from is None or provision.status == "ruled out" or provision.applies_from in text
    for threat in found.threats:
        assert " ".join(threat.why.split()) in text
        assert "/" + threat.iri.split("/", 4)[4] in map(str, page.links)
    for incident in found.incidents:
        assert incident.label in text
    for question in found.questions:
        assert question.text in text
    for row in found.register:
        assert row.id in text
    for note in found.notes:
        assert note in text


def chosen(page: Page) -> set[tuple[str, str]]:
    """The boxes and buttons that are checked."""
    return {
        (str(one["name"]), str(one["value"])) for tag, one in page.tags if tag == "input" and "checked" in one
        and one["value"]
    }  # fmt: skip


def test_the_form_has_labels_and_the_vocabulary_of_profiles(site: Running) -> None:
    reply = site.ask("/assess", accept="text/html")
    assert (reply.status, reply.kind) == (200, "text/html")
    page = check_page(reply.body)
    offered = {(str(one["name"]), str(one["value"])) for tag, one in page.tags if tag == "input" and "value" in one}
    assert {("role", "deployer"), ("sector", "finance"), ("data", "biometric"), ("autonomy", "agent")} <= offered
    assert ("framework", "eu-ai-act-2024-1689") in offered
    [form] = [one for tag, one in page.tags if tag == "form" and one.get("method") == "post"]
    assert (form["action"], form["enctype"]) == ("/assess", "multipart/form-data")
    assert 'role="alert"' not in reply.text


def test_the_api_stays_at_its_path(site: Running) -> None:
    assert site.ask("/assess?text=chatbot&top=1").kind == "application/json"
    body = urlencode({"text": TEXT, "top": 1}).encode()
    assert (
        site.ask("/assess", "POST", body, content_type="application/x-www-form-urlencoded").kind == "application/json"
    )
    file = site.ask("/assess?text=chatbot&top=1&format=html", accept="text/html")
    assert "<style>" in file.text


def test_a_description_is_assessed_as_by_the_library(site: Running, graph: ThreatGraph) -> None:
    fields = [("text", TEXT), ("role", "deployer"), ("sector", "finance"), ("top", "4"), ("title", "")]
    reply = send(site, fields)
    assert reply.status == 200
    assert reply.headers["cache-control"] == "no-store"
    assert "etag" not in reply.headers
    page = check_page(reply.body)
    shows(page, graph.assess(TEXT, role=["deployer"], profile={"sector": ["finance"]}, top=4))
    assert TEXT in html.unescape(reply.text).replace("\r\n", "\n")
    assert {("role", "deployer"), ("sector", "finance")} <= chosen(page)


def test_the_files_are_those_of_the_command_line(site: Running, tmp_path: Path) -> None:
    (tmp_path / "profile.yaml").write_text(PROFILE, encoding="utf-8")
    fields = [("text", TEXT), ("role", "deployer"), ("top", "3"), ("profile", PROFILE)]
    command = [sys.executable, "-m", "threatgraph", "assess", "--text", TEXT, "--role", "deployer", "--top", "3"]
    command += ["--profile", str(tmp_path / "profile.yaml")]
    for name, suffix in (("csv", "csv"), ("markdown", "md"), ("json", "json")):
        reply = send(site, [*fields, ("format", name)])
        assert reply.headers["content-disposition"] == f'attachment; filename="assessment.{suffix}"'
        written = tmp_path / f"assessment.{suffix}"
        subprocess.run([*command, "-o", str(written)], capture_output=True, check=True)
        assert reply.body == written.read_bytes()


def test_the_workbook_and_the_csv_have_the_register(site: Running, graph: ThreatGraph) -> None:
    fields = [("text", TEXT), ("top", "3")]
    rows = graph.assess(TEXT, top=3).to_register().dicts()
    read = list(csv.DictReader(io.StringIO(send(site, [*fields, ("format", "csv")]).body.decode("utf-8-sig"))))
    assert [row["ID"] for row in read] == [row["ID"] for row in rows]
    book = openpyxl.load_workbook(io.BytesIO(send(site, [*fields, ("format", "xlsx")]).body))
    cells = list(book.worksheets[0].iter_rows(values_only=True))
    header = next(number for number, row in enumerate(cells) if "ID" in row)
    column = cells[header].index("ID")
    assert [row[column] for row in cells[header + 1 :]][: len(rows)] == [row["ID"] for row in rows]


def test_the_downloads_repeat_what_was_sent(site: Running) -> None:
    reply = send(site, [("text", TEXT), ("people", "children"), ("people", "workers"), ("profiling", "no")])
    page = Page(reply.body)
    hidden = {(one["name"], one["value"]) for tag, one in page.tags if tag == "input" and one.get("type") == "hidden"}
    assert {("people", "children"), ("people", "workers"), ("profiling", "no")} <= hidden
    again = json.loads(send(site, [(str(name), str(value)) for name, value in hidden] + [("format", "json")]).body)
    assert again["description"] == TEXT


def test_an_answer_settles_its_question(site: Running, graph: ThreatGraph) -> None:
    asked = graph.assess(TEXT).questions
    question = next(one for one in asked if one.options == ("yes", "no"))
    reply = send(site, [("text", TEXT), (question.id, "no")])
    shows(Page(reply.body), graph.assess(TEXT, profile={question.id: "no"}))
    assert (question.id, "no") in chosen(Page(reply.body))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("profile.yaml", PROFILE.encode()),
        ("profile.json", json.dumps({"title": "Loan chatbot", "sector": "finance", "public-authority": "no"}).encode()),
        ("profile.ttl", b'@prefix : <https://example.org/> .\n:s :title "Loan chatbot" ; :sector "finance" ; '
                        b':publicAuthority "no" .'),
    ],
)  # fmt: skip
def test_an_uploaded_profile_is_read_and_can_be_changed(
    site: Running, graph: ThreatGraph, name: str, content: bytes
) -> None:
    reply = send(site, [("text", TEXT), ("top", "2")], file=(name, content))
    assert reply.status == 200, reply.text
    given: Mapping[str, str] = {"title": "Loan chatbot", "sector": "finance", "public-authority": "no"}
    shows(Page(reply.body), graph.assess(TEXT, profile=given, top=2))
    assert "Loan chatbot" in re.findall(r"<h1[^>]*>(.*?)</h1>", reply.text)[0]
    assert "Loan chatbot" in re.findall(r'<textarea name="profile".*?</textarea>', reply.text, re.DOTALL)[0]


@pytest.mark.parametrize(
    ("fields", "file", "words"),
    [
        ([("text", " "), ("title", "")], None, ["the form is empty"]),
        ([("top", "5")], None, ["the form is empty"]),
        ([("text", TEXT), ("role", "deploier")], None, ["did you mean", "deployer"]),
        ([("text", TEXT), ("sector", "finanse")], None, ["finanse", "finance"]),
        ([("text", TEXT), ("framework", "eu-ai-akt")], None, ["unknown framework", "/framework"]),
        ([("text", TEXT), ("pattern", "goal-drfit")], None, ["goal-drift"]),
        ([("text", TEXT), ("profiling", "maybe")], None, ["yes", "no"]),
        ([("text", TEXT), ("top", "51")], None, ["from 1 to 50"]),
        ([("text", TEXT), ("secktor", "finance")], None, ["unknown field"]),
        ([("text", TEXT), ("text", "x")], None, ["2 times"]),
        ([("text", TEXT), ("format", "pdf")], None, ["unknown format", "markdown"]),
        ([("text", TEXT), ("profile", "secktor: finance")], None, ["did you mean", "sector"]),
        ([("text", TEXT), ("profile", "a: [")], None, ["not valid YAML"]),
        ([("text", TEXT), ("profile", "title: &a x\npurpose: *a")], None, ["alias"]),
        ([("text", TEXT), ("profile", "[" * 30_000)], None, ["too deeply"]),
        ([("text", TEXT), ("profile", "a" * 50_001)], None, ["50,001 characters"]),
        ([("text", TEXT)], ("profile.ttl", b"x"), ["not valid Turtle"]),
        ([("text", TEXT)], ("profile.yaml", b"\xff"), ["UTF-8"]),
    ],
)
def test_what_is_wrong_is_said_above_the_form_which_keeps_its_input(
    site: Running, fields: Fields, file: tuple[str, bytes] | None, words: list[str]
) -> None:
    reply = send(site, fields, file=file)
    assert reply.status == 400
    page = check_page(reply.body)
    [alert] = re.findall(r'<p class="notice" role="alert">(.*?)</p>', reply.text, re.DOTALL)
    for word in words:
        assert word in html.unescape(alert)
    text = dict(fields).get("text", "").strip()
    if [name for name, _ in fields].count("text") < 2:
        assert text in html.unescape(reply.text)
    assert chosen(page) >= {pair for pair in fields if pair[0] in ("role", "sector", "profiling", "framework")}


def test_a_form_that_is_too_large_or_broken_is_refused_with_a_page(site: Running) -> None:
    reply = send(site, [("text", "a chatbot " * 20_000)])
    assert (reply.status, reply.kind) == (413, "text/html")
    assert "128 KiB" in reply.text
    for body, kind in ((b"text=a", "multipart/form-data"), (b"--b\r\n", "multipart/form-data; boundary=b")):
        broken = site.ask("/assess", "POST", body, content_type=kind, accept="text/html")
        assert (broken.status, broken.kind) == (400, "text/html")


def test_a_text_without_a_match_says_so(site: Running, graph: ThreatGraph) -> None:
    text = "Lorem ipsum"
    found = graph.assess(text)
    assert not found.threats
    reply = send(site, [("text", text)])
    assert reply.status == 200
    shows(Page(reply.body), found)
    assert "No threat pattern" in reply.text


def test_a_short_description_has_a_link_and_is_read_from_the_url(site: Running, graph: ThreatGraph) -> None:
    reply = see(site, text=TEXT, role="deployer", top="2")
    assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
    shows(Page(reply.body), graph.assess(TEXT, role="deployer", top=2))
    [link] = re.findall(r'<a href="([^"]*)" rel="nofollow">Link to this assessment', reply.text)
    again = site.ask(html.unescape(link), accept="text/html")
    assert again.body == reply.body
    assert "Link to this assessment" not in send(site, [("text", TEXT * 20)]).text


def test_values_are_text_and_never_markup(site: Running) -> None:
    attack = "<script>alert(1)</script>\"'><img src=x>"
    for reply in (send(site, [("text", attack)]), send(site, [("role", attack)]), send(site, [(attack, attack)])):
        assert "<script>alert" not in reply.text
        assert "<img" not in reply.text


def test_neither_descriptions_nor_profiles_are_logged(site: Running) -> None:
    send(site, [("text", "a secretive zeppelin")], file=("zeppelin.yaml", b"title: zeppelin"))
    see(site, text="a secretive zeppelin")
    site.says("POST /assess 200")
    while not site.lines.empty():
        assert "zeppelin" not in site.lines.get()


def test_a_site_of_files_gives_the_command() -> None:
    page = check_page(render_assess(Links("./", ".html")))
    assert "threatgraph assess" in page.text
    assert "cannot assess" in page.text


def test_pages_about_the_project_agree_with_the_citation_file(site: Running) -> None:
    for path, about in ABOUT.items():
        page = check_page(site.ask(f"/{path}", accept="text/html").body)
        assert about.title in page.text
        check_page(render_about(path, Links("./", ".html")))
    cited = (Path(__file__).parents[1] / "CITATION.cff").read_text(encoding="utf-8")
    assert f'title: "{TITLE}"' in cited
    assert all(f"name: {author}" in cited for author in AUTHORS)
    assert all(f"- {name}" in cited for name in LICENSES)
