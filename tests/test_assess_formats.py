"""The output formats of an assessment, and the register that a user keeps between runs."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest
from pyoxigraph import RdfFormat, parse

from assessment_samples import DESCRIPTION, HOSTILE, assessment, hostile, row
from threatgraph import ThreatGraph
from threatgraph.assess import FORMATS, Register, Sheet, changes, json_schema, read_sheet
from threatgraph.assess import register as registers
from threatgraph.assess.formats.wording import DISCLAIMER
from threatgraph.errors import InvalidFile, ThreatGraphError, UnknownName

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def rows_of(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file as a spreadsheet reads it."""
    assert content.startswith(b"\xef\xbb\xbf"), "without a byte order mark, Excel does not read UTF-8"
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def saved(folder: Path, name: str, content: bytes) -> Sheet:
    path = folder / name
    path.write_bytes(content)
    return read_sheet(path)


def texts(register: Register, column: str) -> list[Any]:
    return [found[column] for found in register.dicts()]


# Every format.


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_assessment_gives_the_same_bytes(name: str) -> None:
    assert assessment().export(name) == assessment().export(name)


@pytest.mark.parametrize("name", FORMATS)
def test_an_assessment_without_findings_can_be_written(name: str) -> None:
    empty = replace(
        *(assessment(),),
        **dict.fromkeys(("facts", "roles", "provisions", "threats", "incidents", "questions", "register", "notes"), ()),
        tier="minimal",
    )
    assert empty.export(name)


@pytest.mark.parametrize("name", ["text", "markdown", "html", "json"])
def test_the_limits_of_the_answer_are_stated_once(name: str) -> None:
    assert "not legal advice" in DISCLAIMER
    sample = assessment()
    text = replace(sample, notes=(*sample.notes, DISCLAIMER)).export(name).decode()
    assert " ".join(text.split()).count(DISCLAIMER) == (2 if name == "json" else 1)  # there, notes are kept as they are


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="did you mean 'markdown'"):
        assessment().export("markdwon")


# Documents.


@pytest.mark.parametrize("name", ["markdown", "html"])
def test_a_document_has_every_finding_with_its_reason(name: str) -> None:
    sample = assessment()
    text = sample.export(name).decode()
    assert "Annex III 4(a) Recruitment and selection" in text
    for provision in sample.provisions:
        assert provision.label in text
        assert provision.reason in text
    assert sample.provisions[0].conditions[0] in text
    assert sample.provisions[0].exceptions[0] in text
    assert "2027-12-02" in text
    for threat in sample.threats:
        for part in (threat.label, threat.abstract, threat.why, *threat.indicators, *threat.response_steps):
            assert part in text
    assert "A.7.4 Quality of data" in text
    assert "https://www.reuters.com/article/idUSKCN1MK08G" in text
    assert sample.questions[0].text in text
    for column in registers.COLUMNS:
        assert column in text


class _Tags(HTMLParser):
    """The elements and attributes of a page, and whether it is well nested."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_is_self_contained_and_no_text_acts_as_markup() -> None:
    plain, attacked = (_Tags(found.export("html").decode()) for found in (assessment(), hostile()))
    assert {tag for tag, _ in attacked.found} - {"br"} == {tag for tag, _ in plain.found} - {"br"}
    allowed = {"lang", "charset", "name", "content", "http-equiv", "id", "class", "href", "rel", "scope", "tabindex"}
    assert {name for _, attributes in attacked.found for name in attributes} <= allowed | {"aria-label", "data-label"}
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in attacked.found}
    for _, attributes in attacked.found:
        assert (attributes.get("href") or "#").startswith(("#", "https://"))
    for text in HOSTILE[:-1]:
        assert text in attacked.text
    assert "\x1b" not in attacked.text
    assert "\u202e" not in attacked.text


def test_links_inside_the_page_have_a_target() -> None:
    page = _Tags(assessment().export("html").decode())
    targets = {attributes["id"] for _, attributes in page.found if "id" in attributes}
    links = {str(a["href"])[1:] for tag, a in page.found if tag == "a" and str(a["href"]).startswith("#")}
    assert links
    assert links <= targets
    assert len(targets) == sum("id" in attributes for _, attributes in page.found), "a name is used twice"


def test_no_text_acts_as_markup_in_markdown() -> None:
    text = hostile().export("markdown").decode()
    for line in text.splitlines():
        assert "<" not in line.replace("<br>", "").replace("](<http", "")
        assert "\x1b" not in line
    assert re.search(r"(?<!\\)\]\(javascript", text) is None
    assert r"\[click\](javascript:alert(1))" in text
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.replace(r"\|", "").count("|") for line in tables if "row-" in line} == {len(registers.COLUMNS) + 1}


def test_the_notebook_shows_findings_escaped() -> None:
    assert "Annex III 4(a)" in assessment()._repr_html_()
    assert "<script" not in hostile()._repr_html_()
    _Tags(hostile()._repr_html_())


def test_the_text_fits_a_terminal_and_shows_no_control_characters() -> None:
    lines = hostile().export("text").decode()
    assert "\x1b" not in lines
    assert "\u202e" not in lines
    assert max(map(len, assessment().render(72).splitlines())) <= 72
    assert "Annex III 4(a) Recruitment and selection" in assessment().render()


# JSON, tables and triples.


@pytest.mark.parametrize("make", [assessment, hostile])
def test_the_json_follows_its_schema(make: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    found = json.loads(make().to_json())
    jsonschema.validate(found, json_schema())
    assert found == make().to_dict()
    assert found["title"] == make().title
    wrong: list[dict[str, Any]] = [{"tier": "harmless"}, {"provisions": [{}]}, {"more": 1}]
    for changed in wrong:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**found, **changed}, json_schema())


def test_the_json_has_what_programs_ask_for() -> None:
    found = json.loads(assessment().export("json"))
    keys = {"title", "description", "facts", "roles", "tier", "threats", "provisions", "incidents", "questions"}
    assert keys | {"register", "notes"} <= found.keys()
    first = found["provisions"][0]
    assert first["status"] == "candidate"
    assert first["matched"] == ["ranks job applicants"]
    assert first["condition"] == "The system is intended to be used for recruitment."
    assert found["description"] == DESCRIPTION
    assert found["register"][0]["id"] == "PAT-SOC-004"
    assert found["register"][0]["own"]["Owner"] is None


def test_tables_have_a_row_for_each_finding() -> None:
    sample = assessment()
    tables = sample.tables()
    for name in ("provisions", "threats", "incidents", "questions", "facts", "register"):
        assert len(tables[name]) == len(getattr(sample, name)), name
    frame = sample.to_pandas("provisions")
    assert list(frame["status"]) == ["candidate", "to check", "ruled out"]
    assert list(sample.to_pandas()["ID"]) == ["PAT-SOC-004", "allocational-harm"]
    with pytest.raises(UnknownName, match="'threats'"):
        sample.to_pandas("threat")


def test_coverage_counts_what_is_there_and_names_what_is_missing() -> None:
    sample = assessment()
    bare = replace(sample.threats[1], controls=(), indicators=(), incidents=(), provisions=())
    (_, gaps) = replace(sample, threats=(sample.threats[0], bare)).tables()["coverage"].to_dicts()
    assert gaps["Controls: ISO/IEC 42001"] == 0
    assert gaps["Mitigations"] == 1
    assert gaps["Gaps"] == "no provision to check; no control; no indicator; no comparable incident"


@pytest.fixture(scope="module")
def real(graph: ThreatGraph) -> Any:
    """The sample with records of the bundled graph only, and with a description as users write them."""
    sample = replace(assessment(), description="\n".join(("# HR ", *HOSTILE, "ist nicht TODO")))
    incident = graph.recommend(text=DESCRIPTION, kind="incident", top=1)[0]
    found = replace(sample.incidents[0], iri=incident.iri)
    return replace(sample, incidents=(found,), threats=tuple(replace(t, incidents=(found,)) for t in sample.threats))


@pytest.mark.parametrize(("name", "form"), [("turtle", RdfFormat.TURTLE), ("jsonld", RdfFormat.JSON_LD)])
def test_the_triples_validate_with_no_issues(real: Any, name: str, form: RdfFormat, tmp_path: Path) -> None:
    path = tmp_path / f"assessment.{'ttl' if name == 'turtle' else 'jsonld'}"
    path.write_bytes(real.export(name))
    assert {quad.triple for quad in parse(path=str(path), format=form)} == set(real.to_triples())
    graph = ThreatGraph.open(path)
    report = graph.validate([path])
    assert report.conforms, report.to_text()
    assert report.to_text().startswith("no issues"), report.to_text()
    rows = graph.query(
        "SELECT ?pattern { ?a a tg:Assessment ; tg:assessedThreat ?t . ?t tg:pattern ?pattern ; tg:position ?n ; "
        "prov:wasDerivedFrom ?pattern } ORDER BY ?n"
    )
    assert [str(found.pattern) for found in rows] == [threat.iri for threat in real.threats]  # type: ignore[union-attr]


def test_a_wrong_status_in_the_triples_is_reported(real: Any, tmp_path: Path) -> None:
    path = tmp_path / "assessment.ttl"
    path.write_bytes(real.export("turtle").replace(b'"to check"', b'"applies"'))
    report = ThreatGraph.open(path).validate([path])
    assert not report.conforms
    assert "candidate, to check or ruled out" in report.to_text()


# Spreadsheets.


def test_no_text_is_a_formula_in_csv() -> None:
    found = rows_of(hostile().export("csv"))
    assert len(found) == len(HOSTILE)
    for line in found:
        for cell in line.values():
            assert not cell.lstrip(" ").startswith(FORMULA_STARTS), cell
    assert found[4]["Risk"] == "'" + HOSTILE[4]


def workbook(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def test_no_text_is_a_formula_in_xlsx() -> None:
    content = hostile().export("xlsx")
    for name in zipfile.ZipFile(io.BytesIO(content)).namelist():
        if name.startswith("xl/worksheets/"):
            assert b"<f>" not in zipfile.ZipFile(io.BytesIO(content)).read(name)
    book = workbook(content)
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert all(cell.data_type != "f" for cell in cells)
    formula = next(cell for cell in cells if cell.value == HOSTILE[4])
    assert formula.quotePrefix, "without it, a spreadsheet runs the text once it is edited"


def test_the_workbook_is_ready_to_use() -> None:
    book = workbook(assessment().export("xlsx"))
    assert book.sheetnames == ["Register", "Provisions", "Threats", "Incidents", "Questions", "Coverage", "About"]
    for sheet in book:
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet["A1"].font.bold
        for letter, dimension in sheet.column_dimensions.items():
            assert 10 <= dimension.width <= 60, (sheet.title, letter)
        for cell in sheet[2]:
            assert cell.value is None or cell.alignment.wrap_text
    headings = [cell.value for cell in book["Provisions"][1]]
    applies = book["Provisions"].cell(2, headings.index("Applies from") + 1)
    assert applies.value == datetime(2027, 12, 2)
    assert applies.number_format == "yyyy-mm-dd"
    score = [cell.value for cell in book["Threats"][1]].index("Score") + 1
    assert book["Threats"].cell(2, score).value == 0.612


def test_a_cell_that_is_too_long_for_xlsx_is_refused_in_the_register_and_cut_elsewhere() -> None:
    sample, long = assessment(), "x" * 40_000
    assert workbook(replace(sample, description=long).export("xlsx"))["About"]["B6"].value.endswith("…")
    with pytest.raises(ThreatGraphError, match="use csv"):
        replace(sample, register=(row("a", long),)).export("xlsx")


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_opens_the_workbook(tmp_path: Path) -> None:
    (tmp_path / "assessment.xlsx").write_bytes(hostile().export("xlsx"))
    csv_in_utf8 = "csv:Text - txt - csv (StarCalc):44,34,76"
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", csv_in_utf8]
    subprocess.run([*command, "assessment.xlsx"], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    found = list(csv.DictReader((tmp_path / "assessment.csv").open(encoding="utf-8", newline="")))
    assert [line["ID"] for line in found] == [f"row-{n}" for n in range(len(HOSTILE))]
    assert found[4]["Risk"] == HOSTILE[4]


def test_without_openpyxl_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ThreatGraphError, match=r"pip install 'threatgraph\[xlsx\]'"):
        assessment().export("xlsx")


# The register of a user.


def edited(content: bytes, kind: str, folder: Path) -> Path:
    """The register after a user filled it in: own cells, an own column, an own row, another order."""
    path = folder / f"register.{kind}"
    lines: list[list[Any]]
    if kind == "csv":
        lines = [*csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))]
    else:
        lines = [list(line) for line in workbook(content)["Register"].iter_rows(values_only=True)]
    header, first, second = lines
    header.append("Budget")
    first += ["12000"] if kind == "csv" else [12000]
    second.append(None)
    for name, value in {"Owner": "Ana Núñez", "Status": "open", "Notes": "- ask\n= the works council"}.items():
        first[header.index(name)] = value
    first[header.index("Due date")] = "2027-03-01" if kind == "csv" else date(2027, 3, 1)
    own: list[Any] = [None] * len(header)
    own[0], own[header.index("Risk")], own[header.index("Owner")] = "OWN-1", "Union objects", "Legal"
    table = [header, second, own, first]
    if kind == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows(table)  # as a European Excel saves it
        return path
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for line in table:
        sheet.append(line)
        for cell in sheet[sheet.max_row]:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    book.save(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_merging_twice_keeps_what_the_user_wrote(kind: str, tmp_path: Path) -> None:
    sample = assessment()
    path = edited(sample.export(kind), kind, tmp_path)
    register = sample.to_register(read_sheet(path))
    for _ in range(2):
        found = {str(line["ID"]): line for line in register.dicts()}
        assert list(found) == ["allocational-harm", "OWN-1", "PAT-SOC-004"], "the order of the user is kept"
        assert register.columns[-1] == "Budget"
        assert found["PAT-SOC-004"]["Owner"] == "Ana Núñez"
        assert found["PAT-SOC-004"]["Notes"] == "- ask\n= the works council"
        assert str(found["PAT-SOC-004"]["Budget"]) == "12000"
        assert str(found["PAT-SOC-004"]["Due date"])[:10] == "2027-03-01"
        assert found["OWN-1"]["Owner"] == "Legal"
        assert not found["OWN-1"]["Change"], "a row that the user added is not marked"
        assert found["PAT-SOC-004"]["Change"] == "unchanged"
        path.write_bytes(sample.export(kind, register=register))
        again = sample.to_register(read_sheet(path))
        assert changes(again) == "2 unchanged"
        register = again


def test_a_merge_marks_what_is_new_updated_and_no_longer_listed(tmp_path: Path) -> None:
    sample = assessment()
    earlier = saved(tmp_path, "register.csv", sample.export("csv"))
    later = replace(sample, register=(replace(sample.register[0], severity="critical"), row("PAT-SEC-001", "Evasion")))
    register = later.to_register(earlier)
    assert dict(zip(texts(register, "ID"), texts(register, "Change"), strict=True)) == {
        "PAT-SOC-004": "updated: Severity",
        "allocational-harm": "no longer listed",
        "PAT-SEC-001": "new",
    }
    assert texts(register, "Severity")[0] == "critical"
    assert changes(register) == "1 new, 1 updated, 1 no longer listed"
    gone = saved(tmp_path, "gone.csv", later.export("csv", register=register))
    assert "no longer listed" in texts(later.to_register(gone), "Change"), "it stays marked"
    assert texts(sample.to_register(gone), "Change")[1] == "listed again"


def test_rows_with_the_same_id_or_none_are_all_kept(tmp_path: Path) -> None:
    text = "ID,Change,Risk,Owner\nPAT-SOC-004,new,x,Ana\nPAT-SOC-004,new,x,Bo\n,,Our own,Cem\n,,,\n"
    register = assessment().to_register(saved(tmp_path, "register.csv", text.encode()))
    assert texts(register, "Owner") == ["Ana", "Bo", "Cem", None]
    assert texts(register, "Risk") == ["Proxy Discrimination", "Proxy Discrimination", "Our own", "Allocational Harm"]


def test_a_register_in_json_has_the_columns_of_the_user(tmp_path: Path) -> None:
    sample = assessment()
    register = sample.to_register(read_sheet(edited(sample.export("xlsx"), "xlsx", tmp_path)))
    found = json.loads(sample.export("json", register=register))
    jsonschema.validate(found, json_schema())
    assert found["register"][2]["own"]["Budget"] == 12000
    assert found["register"][2]["own"]["Due date"].startswith("2027-03-01")


def test_a_template_sets_the_columns(tmp_path: Path) -> None:
    template = saved(tmp_path, "template.csv", b"Risk owner,risk,Affected_Parties,Impact\n")
    register = assessment().to_register(template=template)
    assert register.columns == ("ID", "Change", "Risk owner", "Risk", "Affected parties", "Impact")
    assert texts(register, "Risk")[0] == "Proxy Discrimination"
    assert texts(register, "Impact") == [None, None]
    kept = saved(tmp_path, "register.csv", assessment().export("csv", register=register))
    assert assessment().to_register(kept).columns == register.columns, "a merge keeps the columns without the template"


BAD_FILES = {
    "another tool": (b"Risk ID,Title,Score\n1,Bias,9\n", "not a register that threatgraph assess wrote"),
    "empty": (b"\n\n", "is empty: the first row must name the columns"),
    "duplicate": (b"ID,Change,Owner,owner\n", "duplicate column 'Owner'"),
    "unnamed": (b"ID,Change\na,new,lost\n", "row 2 has a cell in column 3, which has no name"),
    "encoding": (b"ID,Change,Owner\na,new,N\xfa\xf1ez\n", "not text in UTF-8"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "save it as .xlsx"),
    "broken Excel": (b"PK\x03\x04rest", "cannot be read as XLSX"),
    "quote": (b'ID,Change\n"a,new\n', "unbalanced quote"),
    "binary": (b"ID,Change\n\0", "NUL byte"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_register_gets_a_clear_error(name: str, tmp_path: Path) -> None:
    content, message = BAD_FILES[name]
    with pytest.raises(InvalidFile, match=message) as raised:
        assessment().to_register(saved(tmp_path, "register", content))
    assert "\n" not in str(raised.value)


def test_a_template_of_something_else_gets_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="no column is one of ID, Risk"):
        assessment().to_register(template=saved(tmp_path, "t.csv", b"Dear colleague\nplease find attached\n"))
    with pytest.raises(InvalidFile, match="cannot be read"):
        read_sheet(tmp_path / "missing.csv")


def test_a_compressed_file_that_grows_without_bound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 2**20 * 210)
    with pytest.raises(InvalidFile, match="MiB of content"):
        read_sheet(path)
