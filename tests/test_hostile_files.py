"""Files made to exhaust a reader: each is refused in one line that says where, and what is legal still loads."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from threatgraph import InvalidFile
from threatgraph.rdf.files import find_files, read_quads
from threatgraph.rdf.reading import Source

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XML = f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:e="urn:" rdf:version="1.2">\n'
ABOUT = XML + '<rdf:Description rdf:about="urn:a">'
END = "</rdf:Description></rdf:RDF>"
TERM = "<<( <urn:a> <urn:b> "


def quads(text: str, form: RdfFormat, *, piece: int = 0) -> list[Quad]:
    """The statements of a text; ``piece`` hands it over in pieces of so many bytes."""

    class Pieces(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(piece or size)

    return list(Source(Pieces(text.encode()), "given", form, "urn:base").quads())


def nested(opening: str, middle: str, closing: str, levels: int) -> str:
    return opening * levels + middle + closing * levels


def run(*words: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-m", "threatgraph", *words], capture_output=True, timeout=100, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("levels", [2_000, 100_000])
@pytest.mark.parametrize(
    ("form", "before", "opening", "middle", "closing", "after"),
    [
        (RdfFormat.N_TRIPLES, "<urn:a> <urn:b> ", TERM, '"x"', " )>>", " .\n"),
        (RdfFormat.N_QUADS, "<urn:a> <urn:b> ", TERM, '"x"', " )>>", " <urn:g> .\n"),
        (RdfFormat.TURTLE, "<urn:a> <urn:b> ", TERM, "1", " )>>", " .\n"),
        (RdfFormat.TURTLE, "<urn:a> <urn:b> ", f"{TERM}# )>>\n", "1", " )>>", " .\n"),
        (RdfFormat.TURTLE, "", "<< ", "<urn:a> <urn:b> 1", " >> <urn:b> 1", " .\n"),
        (RdfFormat.TURTLE, "<urn:a> <urn:b> 1 ", "{| <urn:b> 1 ", "", " |}", " .\n"),
        (RdfFormat.TURTLE, "<urn:a> <urn:b> ", "[ <urn:p> ", "1", " ]", " .\n"),
        (RdfFormat.TURTLE, "<urn:a> <urn:b> ", "(", "", ")", " .\n"),
        (RdfFormat.TRIG, "<urn:g> { <urn:a> <urn:b> ", "[ <urn:p> ", "1", " ]", " . }\n"),
        (RdfFormat.JSON_LD, '{"@id": "urn:a", "urn:p": ', '{"urn:p": ', "1", "}", "}"),
        (RdfFormat.JSON_LD, '{"@id": "urn:a", "urn:p": ', "[", "1", "]", "}"),
        (RdfFormat.JSON_LD, '{"@id": "urn:a", "urn:p": ', '{"@list": [', "1", "]}", "}"),
        (RdfFormat.RDF_XML, ABOUT, "<e:p><rdf:Description>", "", "</rdf:Description></e:p>", END),
        (RdfFormat.RDF_XML, ABOUT, '<e:p rdf:parseType="Resource">', "", "</e:p>", END),
        (RdfFormat.RDF_XML, f'{ABOUT}<e:p rdf:parseType="Literal">', "<b>", "", "</b>", f"</e:p>{END}"),
        (
            RdfFormat.RDF_XML,
            ABOUT,
            '<e:p rdf:parseType="Triple"><rdf:Description rdf:about="urn:a">',
            "<e:p>1</e:p>",
            "</rdf:Description></e:p>",
            END,
        ),
    ],
)
def test_what_is_nested_too_deep_is_refused_with_its_line(
    form: RdfFormat, before: str, opening: str, middle: str, closing: str, after: str, levels: int
) -> None:
    text = before + nested(opening, middle, closing, levels) + after
    with pytest.raises(InvalidFile, match=r"^given:\d+: .* nested more than [\d,]+ levels deep"):
        quads(text, form)


@pytest.mark.parametrize(
    ("form", "before", "opening", "middle", "closing", "after", "levels"),
    [
        (RdfFormat.N_TRIPLES, "<urn:a> <urn:b> ", TERM, '"x"', " )>>", " .\n", 90),
        (RdfFormat.TURTLE, "<urn:a> <urn:b> ", "[ <urn:p> ", "1", " ]", " .\n", 900),
        (RdfFormat.TURTLE, "<urn:a> <urn:b> ", "(", "", ")", " .\n", 900),
        (RdfFormat.JSON_LD, '{"@id": "urn:a", "urn:p": ', '{"urn:p": ', "1", "}", "}", 150),
        (RdfFormat.RDF_XML, ABOUT, "<e:p><rdf:Description>", "", "</rdf:Description></e:p>", END, 400),
    ],
)
def test_what_is_nested_as_people_do_is_read(
    form: RdfFormat, before: str, opening: str, middle: str, closing: str, after: str, levels: int
) -> None:
    text = before + nested(opening, middle, closing, levels) + after
    assert quads(text, form) == list(parse(text.encode(), format=form)) or len(quads(text, form)) >= levels


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 0])
def test_brackets_in_texts_iris_and_comments_are_no_nesting(piece: int) -> None:
    odd = [
        '"' + "[" * 1500 + '"',
        '"""' + '(["a" \\""" <<( ' * 1500 + '"""',
        "'''" + "'' ' { \\''' <<" * 1500 + "'''",
        '""',
        "''",
        '""""""',
        '"\\\\"',
        "<urn:(((>",
        "# " + "((((" * 500 + "\n 1",
        "p:\\(\\(",
    ]
    text = "@prefix p: <urn:> .\n" + "".join(f"<urn:s> <urn:p{n}> {value} .\n" for n, value in enumerate(odd)) * 3
    assert [str(quad) for quad in quads(text, RdfFormat.TURTLE, piece=piece)] == [
        str(quad) for quad in parse(text.encode(), format=RdfFormat.TURTLE)
    ]
    document = json.dumps([{"@id": "urn:a", "urn:p": '[{"' * 500 + "\\"}] * 3)
    assert len(quads(document, RdfFormat.JSON_LD, piece=piece)) == 3
    xml = ABOUT + "<!-- " + "<b>" * 1500 + " --><e:p><![CDATA[" + "<b>" * 1500 + f"]]></e:p><?pi <b> ?>{END}"
    assert quads(xml, RdfFormat.RDF_XML, piece=piece)[0].object == Literal("<b>" * 1500)


# Entities and prefixes: a few bytes that stand for many.


def test_short_entities_for_namespaces_work() -> None:
    text = f"""<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [
  <!ENTITY owl "http://www.w3.org/2002/07/owl#" >
  <!-- don't mind --> <!ENTITY rdf "{RDF}">
  <!ENTITY auml "&#228;">
]>
<rdf:RDF xmlns:rdf="&rdf;" xmlns:e="urn:"><rdf:Description rdf:about="&owl;x"><e:p>K&auml;se</e:p></rdf:Description>
</rdf:RDF>"""
    for piece in (1, 0):
        (quad,) = quads(text, RdfFormat.RDF_XML, piece=piece)
        assert (quad.subject, quad.object) == (NamedNode("http://www.w3.org/2002/07/owl#x"), Literal("Käse"))


def test_a_large_ontology_may_use_its_entities_a_hundred_thousand_times() -> None:
    head = f'<!DOCTYPE r [<!ENTITY o "https://example.org/ontologies/of-some-length#">]>{XML}'
    text = head + "".join(f'<rdf:Description rdf:about="&o;{n}" e:p="&o;"/>\n' for n in range(100_000)) + "</rdf:RDF>"
    assert sum(1 for _ in quads(text, RdfFormat.RDF_XML)) == 100_000


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ('<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">', "the entity b is long or refers to another entity"),
        (f'<!ENTITY a "{"x" * 5000}">', "the entity a is long"),
        (
            '<!ENTITY a SYSTEM "file:///etc/passwd">',
            "the entity a is not a quoted text, and external entities are not fetched",
        ),
        ('<!ENTITY a PUBLIC "-//x" "http://127.0.0.1:9/x">', "external entities are not fetched"),
        ('<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;', "declares a parameter entity"),
        ('<!ENTITY % a "b"> %a;', "declares a parameter entity"),
        ('<!ENTITY a "x"><!ENTITY a "y">', "the entity a is declared twice"),
        ('<!ENTITY a "<b>">', "document type declaration"),
    ],
)
def test_other_entities_are_refused(declared: str, message: str) -> None:
    for piece in (1, 0):
        with pytest.raises(InvalidFile, match=f"^given:[12]: .*{message}"):
            quads(f"<!DOCTYPE r [\n{declared}]>{ABOUT}<e:p>&a;</e:p>{END}", RdfFormat.RDF_XML, piece=piece)


def test_an_external_type_declaration_is_not_fetched() -> None:
    text = f'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">{ABOUT}<e:p>x</e:p>{END}'
    assert [quad.object for quad in quads(text, RdfFormat.RDF_XML)] == [Literal("x")]


def _in_one_text() -> str:
    return f'<!DOCTYPE r [<!ENTITY a "{"x" * 490}">]>{ABOUT}<e:p>{"&a;" * 1_000_000}</e:p>{END}'


def _in_many_texts() -> str:
    some = f"<e:p>{'&a;' * 1000}</e:p>"
    return f'<!DOCTYPE r [<!ENTITY a "{"x" * 490}">]>{ABOUT}{some * 1000}{END}'


def _by_namespaces() -> str:
    return f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:e="urn:{"x" * 50_000}"><rdf:Description rdf:about="urn:a">' + "".join(
        f"<e:p{n}>1</e:p{n}>" for n in range(20_000)
    )


def _by_prefixes() -> str:
    return f"@prefix p: <urn:{'x' * 50_000}> .\n" + "".join(f"p:a p:b p:{n} .\n" for n in range(20_000))


def _by_base() -> str:
    return f"@base <http://e.org/{'x' * 50_000}/> .\n" + "".join(f"<a> <b> <{n}> .\n" for n in range(20_000))


def _by_context() -> str:
    nodes = [{"@id": f"p:{n}", "p:p": 1} for n in range(20_000)]
    return json.dumps({"@context": {"p": f"urn:{'x' * 50_000}:"}, "@graph": nodes})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.rdf.gz", _in_one_text),
        ("a.rdf.gz", _in_many_texts),
        ("a.rdf.gz", _by_namespaces),
        ("a.ttl.gz", _by_prefixes),
        ("a.trig", _by_base),
        ("a.jsonld", _by_context),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_small_file_that_stands_for_gigabytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: object
) -> None:
    from threatgraph.rdf import reading

    monkeypatch.setattr(reading, "ALWAYS_WRITTEN_OUT", 8 * 1024**2)
    content = text().encode()  # type: ignore[operator]
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    came = (len(str(quad)) for quad in read_quads(tmp_path / name))
    total = 0

    def read() -> None:
        nonlocal total
        for size in came:
            total += size

    with pytest.raises(InvalidFile, match=r"a\.[.a-z]+:\d+: .*(entities expanded|times the text)"):
        read()
    assert total < 70 * 1024**2


def test_a_decompression_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from threatgraph.rdf import reading

    monkeypatch.setattr(reading, "ALWAYS_UNPACKED", 4 * 1024**2)
    bomb, dump = tmp_path / "bomb.nt.gz", tmp_path / "dump.nt.gz"
    bomb.write_bytes(gzip.compress(b"<urn:a> <urn:b> <urn:c> .\n" * 400_000))
    lines = (
        b"<https://example.org/record/%d> <urn:p> <https://example.org/record/%d> .\n" % (n, n + 1)
        for n in range(99_999)
    )
    dump.write_bytes(gzip.compress(b"".join(lines), 9))
    with pytest.raises(InvalidFile, match="expands to more than 200 times its size"):
        list(read_quads(bomb))
    assert sum(1 for _ in read_quads(dump)) == 99_999


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (RdfFormat.TURTLE, '<urn:a> <urn:b> """' + "\n" * (9 * 1024**2) + '""" .'),
        (RdfFormat.TURTLE, '<urn:a> <urn:b> """' + "漢\n" * (7 * 1024**2 // 2) + '""" .'),
        (RdfFormat.N_TRIPLES, '<urn:a> <urn:b> "' + "\t" * (9 * 1024**2) + '" .'),
        (RdfFormat.RDF_XML, f"{ABOUT}<e:p>" + "\n" * (9 * 1024**2) + f"</e:p>{END}"),
    ],
)
def test_a_text_that_could_not_be_read_back_as_n_triples_is_refused(form: RdfFormat, text: str) -> None:
    with pytest.raises(InvalidFile, match=r"^given:\d+: .* longer than 16 MiB as a line of N-Triples: split it"):
        quads(text, form)


# JSON-LD whose context is elsewhere.


@pytest.mark.parametrize(
    ("document", "address"),
    [
        ('{"@context": "https://schema.org/", "@id": "urn:a"}', "https://schema.org/"),
        ('{\n"@context": [{"e": "urn:e:"}, "https://e.org/c"], "@id": "urn:a"}', "https://e.org/c"),
        ('{"@context": {"@version": 1.1, "@import": "https://e.org/c"}, "@id": "urn:a"}', "https://e.org/c"),
        (
            '{"@context": {"p": {"@id": "urn:p", "@context": "https://e.org/c"}}, "@id": "urn:a", "p": {"n": "x"}}',
            "https://e.org/c",
        ),
        ('{"@context": "beside.jsonld", "@id": "urn:a"}', "beside.jsonld"),
    ],
)
def test_a_context_at_another_address_is_not_fetched_but_asked_for(tmp_path: Path, document: str, address: str) -> None:
    (tmp_path / "a.jsonld").write_text(document)
    with pytest.raises(InvalidFile, match="put the context into the file") as error:
        list(read_quads(tmp_path / "a.jsonld"))
    assert f"its context is remote {address}" in str(error.value)
    assert error.value.line == (2 if "\n" in document else 1)


# XML literals.


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('<b xmlns="urn:h">t</b> &amp; <c/>', '<b xmlns="urn:h" {scope}>t</b> &amp; <c {scope}></c>'),
        ('<e:b xmlns:e="urn:own"/>', '<e:b xmlns:e="urn:own" xmlns:rdf="{rdf}"></e:b>'),
        ("<b a='x \"y\" '/>", '<b a="x &quot;y&quot; " {scope}></b>'),
        ("<b a='1\" c=\"2'/>", '<b a="1&quot; c=&quot;2" {scope}></b>'),
        ("plain &lt;b&gt;", "plain &lt;b&gt;"),
    ],
)
def test_an_xml_literal_is_well_formed(content: str, expected: str) -> None:
    from xml.etree import ElementTree

    text = f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:e="urn:"><rdf:Description rdf:about="urn:a">'
    (quad,) = quads(f'{text}<e:p rdf:parseType="Literal">{content}</e:p>{END}', RdfFormat.RDF_XML)
    assert isinstance(quad.object, Literal)
    # The names in scope come in an order of the parser's own.
    kept = quad.object.value.replace(f'xmlns:e="urn:" xmlns:rdf="{RDF}"', f'xmlns:rdf="{RDF}" xmlns:e="urn:"')
    assert kept == expected.format(scope=f'xmlns:rdf="{RDF}" xmlns:e="urn:"', rdf=RDF)
    ElementTree.fromstring(f"<r>{quad.object.value}</r>")


def test_an_xml_literal_with_an_undeclared_prefix_is_refused() -> None:
    with pytest.raises(InvalidFile, match=r"^given:\d+: the XML literal of <urn:a> <urn:p> is not well-formed XML"):
        quads(f'{ABOUT}<e:p rdf:parseType="Literal"><x:b/></e:p>{END}', RdfFormat.RDF_XML)


# Encodings and characters.


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.ttl", "<urn:a> <urn:b> 1 .".encode("utf-16"), r"a\.ttl:1: not UTF-8 \(byte 0xff\): save it as UTF-8"),
        ("a.nt", "<urn:a> <urn:b> <urn:c> .".encode("utf-16-be"), r"a\.nt:1.*: does not parse"),
        (
            "a.rdf",
            b'<?xml version="1.0" encoding="ISO-8859-1"?>' + XML.encode() + b"<!-- \xe9 --></rdf:RDF>",
            "not UTF-8",
        ),
        ("a.ttl", b"<urn:a> <urn:b> <urn:a b> .", r"a\.ttl:1:17: does not parse: .*Invalid IRI"),
        ("a.ttl", b'<urn:a> <urn:b> "x"@toolonglanguage .', r"a\.ttl:1:\d+: does not parse: .*subtag"),
        ("a.nt", b"<a> <urn:b> <urn:c> .", r"a\.nt:1:1: does not parse: .*No scheme"),
        ("a.ttl", b'<urn:a> <urn:b> "\\uD800" .', r"a\.ttl:1:\d+: does not parse: .*not a valid unicode"),
        ("a.jsonld", b'{"@id": "urn:a", "urn:b": "\\ud800"}', r"a\.jsonld:1:\d+: does not parse"),
        ("a.nt", b'<urn:a> <urn:b> "\xed\xa0\x80" .', r"a\.nt:1: not UTF-8"),
    ],
)
def test_what_is_no_text_is_named_with_its_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidFile, match=message):
        list(read_quads(tmp_path / name))


# Folders and what is in them that is no file.


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "d" / "sub").mkdir(parents=True)
    for name in ("a.ttl", "sub/b.ttl"):
        (tmp_path / "d" / name).write_text("<urn:a> <urn:b> 1 .")
    return tmp_path / "d"


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _nowhere(path: Path) -> None:
    path.symlink_to("nowhere.ttl")


def _circle(path: Path) -> None:
    path.symlink_to(path.name)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("command", [["--data"], ["load"], ["format"]], ids=lambda words: str(words[0]))
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_pipe, "not a regular file"),
        (_device, "not a regular file"),
        (_nowhere, "broken link"),
        (_circle, "broken link"),
    ],
)
def test_what_is_no_file_is_named_and_nothing_hangs(
    tmp_path: Path, command: list[str], make: Callable[[Path], None], message: str
) -> None:
    folder = _folder(tmp_path)
    make(folder / "sub" / "odd.ttl")
    for path in (folder, folder / "sub" / "odd.ttl"):
        if command == ["--data"]:
            words = ["--no-bundled", "--data", str(path), "stats"]
        elif command == ["load"]:
            words = ["load", "--store", str(tmp_path / "store"), "--no-bundled", str(path)]
        else:
            words = ["format", "--check", str(path)]
        status, out, err = run(*words)
        assert (status, out) == (2, "")
        assert err.startswith(f"threatgraph: error: {folder / 'sub' / 'odd.ttl'}: {message}")
        assert len(err.splitlines()) == 1


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "sub").chmod(0)
    code = (
        f"import os; os.geteuid() or os.seteuid(65534)\nfrom pathlib import Path\n"
        f"from threatgraph.rdf.files import find_files\nfind_files([Path({str(folder)!r})])"
    )
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o055) if parent.is_relative_to(tempfile.gettempdir()) else None
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    (folder / "sub").chmod(0o755)
    assert f"InvalidFile: {folder / 'sub'}: this folder cannot be read" in done.stderr


def test_links_to_folders_are_followed_and_end(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "c.ttl").write_text("<urn:c> <urn:b> 1 .")
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "linked").symlink_to(tmp_path / "other")
    (folder / "folder.ttl").mkdir()
    found = [file.relative_to(folder).as_posix() for file in find_files([folder])]
    assert found == ["a.ttl", "linked/c.ttl", "sub/b.ttl"]


def test_a_file_that_changes_while_it_is_read_is_not_taken_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.nt"
    path.write_text("<urn:a> <urn:b> <urn:c> .\n" * 10_000)
    reading = read_quads(path)
    next(reading)
    with path.open("a") as file:
        file.write("<urn:a> <urn:b> <urn:d> .\n")
    with pytest.raises(InvalidFile, match="changed while it was being read"):
        list(reading)
