"""``threatgraph assess`` as people use it: real files, and a terminal for the questions."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from pyoxigraph import RdfFormat, parse

import command_line

HIRING = "HR screening chatbot that ranks job applicants and rejects candidates automatically"


def run(*words: str, stdin: str = "", cwd: Path | None = None) -> tuple[int, str, str]:
    """Run the command: status, standard output, standard error."""
    return command_line.run("assess", *words, stdin=stdin, cwd=cwd)


def fails(*words: str, stdin: str = "", cwd: Path | None = None) -> str:
    """The one line of a command that must fail with status 2 and no output."""
    err = command_line.fails("assess", *words, stdin=stdin, cwd=cwd)
    assert err.count("\n") == 1, err
    return err


def test_a_description_becomes_a_file_in_each_format(tmp_path: Path) -> None:
    for name, extension in {"markdown": "md", "html": "html", "csv": "csv", "json": "json", "xlsx": "xlsx"}.items():
        status, out, err = run("--text", HIRING, "--format", name, "-o", f"out.{extension}", cwd=tmp_path)
        assert (status, out, err) == (0, "", "")
    markdown = (tmp_path / "out.md").read_text(encoding="utf-8")
    assert "4(a)" in markdown
    assert "not legal advice" in markdown
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert found["tier"] == "high-risk"
    assert any("4(a)" in p["code"] and p["status"] == "candidate" and p["matched"] for p in found["provisions"])
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8-sig", newline="")))
    assert [line["ID"] for line in rows] == [line["id"] for line in found["register"]]
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert [cell.value for cell in book["Register"]["A"]][1:] == [line["ID"] for line in rows]
    assert "<h1>" in (tmp_path / "out.html").read_text(encoding="utf-8")


def test_a_file_is_read_and_the_extension_of_the_output_chooses_the_format(tmp_path: Path) -> None:
    (tmp_path / "system.md").write_text(f"# Hiring\n\n{HIRING}.\n", encoding="utf-8")
    assert run("system.md", "--role", "deployer", "-o", "out.ttl", cwd=tmp_path)[0] == 0
    assert any(
        "Assessment" in str(quad.object) for quad in parse(path=str(tmp_path / "out.ttl"), format=RdfFormat.TURTLE)
    )
    same = run("-", "--role", "deployer", "--format", "turtle", stdin=f"# Hiring\n\n{HIRING}.\n")[1]
    assert same == (tmp_path / "out.ttl").read_text(encoding="utf-8")


def test_the_terminal_shows_candidates_threats_and_questions() -> None:
    status, out, _ = run("--text", HIRING, "--top", "3")
    assert status == 0
    for text in (
        "Risk tier, to check: high-risk",
        "Annex III 4(a)",
        "Threats (3)",
        "Questions to settle",
        "not legal advice",
    ):
        assert text in " ".join(out.split())


def test_a_register_keeps_the_columns_of_the_user_over_two_runs(tmp_path: Path) -> None:
    assert run("--text", HIRING, "--top", "4", "-o", "register.xlsx", cwd=tmp_path)[0] == 0
    path = tmp_path / "register.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["Register"]
    headings = [cell.value for cell in sheet[1]]
    sheet.cell(2, headings.index("Owner") + 1).value = "Ana"
    sheet.cell(1, len(headings) + 1).value = "Budget"
    sheet.cell(2, len(headings) + 1).value = 12000
    sheet.append(["OWN-1", None, "Union objects"])
    book.save(path)
    for marks in ("2 unchanged, 2 no longer listed", "2 unchanged, 2 no longer listed"):
        command = ("--text", HIRING, "--top", "2", "--register", "register.xlsx", "-o", "register.xlsx")
        status, out, err = run(*command, cwd=tmp_path)
        assert (status, out, err) == (0, "", f"register: {marks}\n")
    rows = [list(line) for line in openpyxl.load_workbook(path)["Register"].iter_rows(values_only=True)]
    assert len(rows) == 6
    found = dict(zip(rows[0], rows[1], strict=True))
    assert (found["Owner"], found["Budget"], found["Change"]) == ("Ana", 12000, "unchanged")
    assert dict(zip(rows[0], rows[5], strict=True))["Risk"] == "Union objects"


def test_a_template_names_the_columns(tmp_path: Path) -> None:
    (tmp_path / "template.csv").write_text("Risk,Severity,Risk owner\n", encoding="utf-8")
    command = ("--text", HIRING, "--top", "1", "--format", "csv", "--template", "template.csv")
    (found,) = csv.DictReader(io.StringIO(run(*command, cwd=tmp_path)[1]))
    assert list(found) == ["ID", "Change", "Risk", "Severity", "Risk owner"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "nothing to assess; give FILE, --text TEXT, --profile FILE or --pattern ID"),
        (("--text", " "), "the description is empty"),
        (("system.md", "--text", "x"), "both FILE and --text are given"),
        (("missing.md",), "missing.md: cannot be read: No such file or directory"),
        (("--text", "x", "--register", "r.csv"), "--register requires a format with a register: --format csv"),
        (
            ("--text", "x", "--format", "csv", "--register", "r.csv"),
            "r.csv: not a register that threatgraph assess wrote",
        ),
        (("--text", "x", "--interactive"), "--interactive requires a terminal"),
        (("--text", "x", "--role", "deploier"), "unknown role 'deploier'; did you mean 'deployer'?"),
        (("--text", "x", "--pattern", "goal-drfit"), "unknown pattern 'goal-drfit'; did you mean 'goal-drift'"),
        (("--profile", "p.yaml"), "unknown key in p.yaml 'sectr'; did you mean 'sector'?"),
        (("big.txt",), "big.txt: is larger than"),
        (("latin.txt",), "latin.txt:1: is not text in UTF-8"),
    ],
)
def test_a_mistake_gets_one_line(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("Risk ID,Title,Impact\n7,Bias,high\n", encoding="utf-8")
    (tmp_path / "p.yaml").write_text("sectr: finance\n", encoding="utf-8")
    (tmp_path / "big.txt").write_text("a system " * 600_000, encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"\xfcber uns")
    assert message in fails(*words, cwd=tmp_path)


def test_questions_are_asked_on_a_terminal_and_change_the_answer(tmp_path: Path) -> None:
    """The first question is answered with a typing error, then properly; the others are skipped."""
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "threatgraph", "assess", "--text", HIRING, "--interactive", "--format", "json"]
    process = subprocess.Popen(command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    os.close(terminal)
    os.write(main, b"deploier\ndeployer\n" + b"\n" * 30)
    out, err = process.communicate(timeout=120)
    os.close(main)
    assert process.returncode == 0, err
    assert b"'deploier' is not one of provider, deployer" in err
    assert b"role: deployer" in err
    found = json.loads(out)
    assert found["roles"] == ["deployer"]
    assert "role" not in {question["id"] for question in found["questions"]}
    assert list(tmp_path.iterdir()) == []
