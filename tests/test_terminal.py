"""What strangers write into data and names of files cannot act on a terminal, in Markdown or in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Triple
from wcwidth import wcswidth

from threatgraph.cli import main
from threatgraph.display import printable
from threatgraph.export import export_table
from threatgraph.layout import display_width
from threatgraph.table import Table

LABEL = "\x1b]0;title\x07\x1b[31mRED \u202eesrever\u2066 | pipe `tick` <script>alert(1)</script>\u200b *b* \x9b2J"
EVIL = f"""
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX tg: <https://w3id.org/threatgraph/ontology#>
<https://w3id.org/threatgraph/pattern/evil> a tg:ThreatPattern ; skos:prefLabel {json.dumps(LABEL)}@en ;
    skos:notation "=cmd|'/C calc'!A0" ; skos:definition {json.dumps(LABEL)}@en ;
    tg:domain <https://w3id.org/threatgraph/domain/security-cyber> ; skos:related <urn:nowhere> .
"""
#: What may stand in text for people beside visible signs.
PLAIN = {"\n", " "}


def unseen(text: str) -> set[str]:
    return {sign for sign in text if sign not in PLAIN and unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m\x07\x00\x7f", r"\x1b[31m\x07\x00\x7f"),
        ("a\x9bb\x85", r"a\x9bb\x85"),
        ("a\tb\rc\nd", "a\\tb\\rc\nd"),
        ("\u202e\u2066\u200e\u061c\u200b\ufeff\u00ad", r"\u202e\u2066\u200e\u061c\u200b\ufeff\xad"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\U000e0041\U000e0100", r"\U000e0041\U000e0100"),
        ("\u3164\uffa0", r"\u3164\uffa0"),
        ("\udcff", r"\udcff"),
        (
            "Grüße, 漢字, मराठी, نامه\u200cها, e\u0301, 👩\u200d🔬 – “x” …",
            "Grüße, 漢字, मराठी, نامه\u200cها, e\u0301, 👩\u200d🔬 – “x” …",
        ),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_every_control_and_format_character_is_escaped() -> None:
    spared = {"\n", "\u200c", "\u200d"}
    signs = [chr(code) for code in range(0x110000)]
    hidden = [s for s in signs if unicodedata.category(s) in ("Cc", "Cf", "Zl", "Zp") and s not in spared]
    assert len(hidden) > 200
    assert not [sign for sign in hidden if printable(sign) == sign]
    letters = "".join(s for s in signs if unicodedata.category(s)[0] in "LNPS")
    assert not re.search(
        r"\\[xuU]",
        printable(
            letters.replace("\u115f", "")
            .replace("\u1160", "")
            .replace("\u3164", "")
            .replace("\uffa0", "")
            .replace("\\", "")
        ),
    )


@pytest.mark.parametrize(
    "words",
    [
        ["show", "evil"],
        ["list", "pattern"],
        ["recommend", "evil"],
        ["query", "SELECT ?l { pattern:evil skos:prefLabel ?l }"],
        ["validate"],
        ["list", "pattern", "--format", "markdown"],
        ["show", "pattern:\x1b[31m"],
        ["list", "\x1b]0;x\x07"],
        ["query", "SELECT \x1b \u202e"],
        ["--data", "no\x1b[2Jfile.ttl", "stats"],
    ],
    ids=lambda words: " ".join(words).encode("unicode_escape").decode(),
)
def test_no_command_writes_them(tmp_path: Path, words: list[str], capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "\x1b[1mevil\u202e.ttl").write_text(EVIL, encoding="utf-8")
    main(["--data", str(tmp_path / "\x1b[1mevil\u202e.ttl"), *words])
    out, err = capsysbinary.readouterr()
    assert out + err
    assert unseen((out + err).decode()) == set()


def test_machines_get_what_the_data_says(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "evil.ttl").write_text(EVIL, encoding="utf-8")
    words = ["--no-bundled", "--data", str(tmp_path / "evil.ttl"), "query", "SELECT ?l { ?s skos:prefLabel ?l }"]
    assert main([*words, "--format", "json"]) == 0
    (binding,) = json.loads(capsysbinary.readouterr().out)["results"]["bindings"]
    assert binding == {"l": {"type": "literal", "value": LABEL, "xml:lang": "en"}}
    assert main([*words, "--format", "csv"]) == 0
    assert list(csv.reader(io.StringIO(capsysbinary.readouterr().out.decode(), newline=""))) == [["l"], [LABEL]]


def markdown(*cells: str) -> str:
    return export_table(Table(["v"], [(Literal(cell),) for cell in cells]), "markdown").decode()


def test_a_cell_of_markdown_is_one_cell_and_plain_text() -> None:
    head, rule, *rows = markdown(
        "a|b", "`x` ``", "one\ntwo", "<b>&amp;", "[a](javascript:x)", "*a* _b_ ~c~", "\\|", "# x"
    ).splitlines()
    assert [row[2:-2].rstrip() for row in rows] == [
        r"a\|b",
        r"\`x\` \`\`",
        "one<br>two",
        "&lt;b&gt;&amp;amp;",
        r"\[a\](javascript:x)",
        r"\*a\* \_b\_ \~c\~",
        r"\\\|",
        r"\# x",
    ]
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in (head, rule, *rows)} == {2}


FORMULAS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1"]


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_formulas_are_guarded_where_that_is_asked_for(form: str) -> None:
    number = NamedNode("http://www.w3.org/2001/XMLSchema#integer")
    values = [*FORMULAS, "plain", "a=b", ""]
    table = Table(["v", "n"], [(Literal(value), Literal("-5", datatype=number)) for value in values])

    def cells(*, guard: bool) -> list[list[str]]:
        text = export_table(table, form, guard_formulas=guard).decode()
        return list(csv.reader(io.StringIO(text, newline=""), delimiter="," if form == "csv" else "\t"))[1:]

    assert cells(guard=False) == [[value, "-5"] for value in values]
    assert cells(guard=True) == [[f"'{value}" if value in FORMULAS else value, "-5"] for value in values]


def test_the_guard_is_an_option_and_always_on_in_markdown(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "evil.ttl").write_text(EVIL, encoding="utf-8")
    words = ["--no-bundled", "--data", str(tmp_path / "evil.ttl"), "query", "SELECT ?c { ?s skos:notation ?c }"]
    for options, begins in ([], b"=cmd"), (["--guard-formulas"], b"'=cmd"):
        assert main([*words, "--format", "csv", *options]) == 0
        assert capsysbinary.readouterr().out.splitlines()[1].startswith(begins)
    assert "'=1+1" in markdown("=1+1")


def test_a_triple_term_is_told_apart_from_a_text() -> None:
    inner = Triple(NamedNode("urn:a"), NamedNode("urn:b"), Literal('x "y"', language="en"))
    nested = Triple(NamedNode("urn:s"), NamedNode("urn:p"), inner)
    written = r'<<( <urn:s> <urn:p> <<( <urn:a> <urn:b> "x \"y\""@en )>> )>>'
    table = Table(["t"], [(nested,)])
    assert table.to_dicts() == [{"t": written}]
    assert table.render().splitlines()[-1] == written
    for form, delimiter in (("csv", ","), ("tsv", "\t")):
        rows = list(csv.reader(io.StringIO(export_table(table, form).decode(), newline=""), delimiter=delimiter))
        assert rows == [["t"], [written]]


@pytest.mark.parametrize("width", [None, 60])
def test_wide_and_combining_signs_keep_columns_in_line(width: int | None) -> None:
    texts = ["plain", "漢字漢字", "e\u0301e\u0301e\u0301", "한국어", "🔬🔬", "नमस्ते"]
    long = "漢字 " * 20
    table = Table(["text", "after", "long"], [(Literal(text), Literal("|"), Literal(long)) for text in texts])
    lines = [line for line in table.render(width).splitlines() if "|" in line]
    assert len(lines) == len(texts)
    assert len({wcswidth(line.partition("|")[0]) for line in lines}) == 1
    if width:
        assert max(map(wcswidth, table.render(width).splitlines())) <= width


def test_a_long_text_does_not_pad_the_other_rows_of_a_markdown_table() -> None:
    rows = [(Literal("x" * 100_000), Literal("a|b")), *((Literal("short"), Literal("b")) for _ in range(200))]
    lines = export_table(Table(["text", "more"], rows), "markdown").decode().splitlines()
    assert lines[:2] == ["| text | more |", "| --- | --- |"]
    assert lines[2] == f"| {'x' * 100_000} | a\\|b |"
    assert lines[3:] == ["| short | b |"] * 200


def test_a_message_about_a_file_whose_name_has_a_line_end_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    table = "#mapping_set_id: https://m.example/s\nsubject_id\tpredicate_id\tobject_id\tmapping_justification\nA\tB\n"
    for name, content in (("a\nb.tsv", table), ("c\nd.tsv", table.partition("\n")[2])):
        Path(name).write_text(content, encoding="utf-8")
        assert main(["import", "sssom", name]) == 2
    assert main(["--no-bundled", "--data", "a\nb.ttl", "stats"]) == 2
    assert main(["-o", "no\nfolder/x", "queries"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    assert all("\\n" in line for line in lines)


def test_a_text_without_invisible_signs_is_treated_as_others() -> None:
    for code in (*range(0x20000), *range(0xE0000, 0xE0200)):
        sign = chr(code)
        assert printable(f"{sign}\u2028") == printable(sign) + "\\u2028", hex(code)  # the second one is no plain text


def test_texts_are_as_wide_as_a_terminal_shows_them() -> None:
    for code in range(0x20, 0x3000):
        for text in (chr(code), f"a{chr(code)}", f"e\u0301{chr(code)}"):
            if "\n" not in text and text.isprintable():
                assert display_width(text) == wcswidth(text), hex(code)
    assert display_width("“Grok” – naïve…\nb") == 15
