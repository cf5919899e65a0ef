"""The assessment as an XLSX workbook: typed cells, frozen headers and filters; text is never a formula."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from threatgraph.assess.coverage import coverage
from threatgraph.assess.formats.wording import (
    DISCLAIMER,
    LIMITS,
    fact_value,
    further_notes,
    names,
    provision_name,
    threat_name,
)
from threatgraph.assess.model import AssessmentData, Control
from threatgraph.assess.register import Cell, Register
from threatgraph.assess.sheets import require_openpyxl
from threatgraph.errors import ThreatGraphError

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

#: The maximum length of a cell in the format.
_LONGEST = 32_767
# Characters that XML 1.0 cannot represent.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The format reads _x0041_ as an escape, so an underscore that would begin one is escaped itself.
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NARROWEST, _WIDEST = 10, 60
#: Fixed, so that the same assessment gives the same file.
_CREATED = datetime(2000, 1, 1)


def to_xlsx(data: AssessmentData, register: Register) -> bytes:
    """Write the assessment as a workbook with a sheet for each table; the register is the first.

    Args:
        data: the assessment.
        register: its register.

    Raises:
        ThreatGraphError: if openpyxl is not installed, or a cell of the register is too long for the format.
    """
    book = require_openpyxl().Workbook()
    book.remove(book.active)
    if any(isinstance(cell, str) and len(cell) > _LONGEST for row in register.rows for cell in row):
        raise ThreatGraphError(
            f"a cell of the register has over {_LONGEST:,} characters, the maximum of XLSX: use csv."
        )
    _add(book, "Register", register.columns, register.rows)
    _add(book, "Provisions", *_provisions(data))
    _add(book, "Threats", *_threats(data))
    _add(book, "Incidents", *_incidents(data))
    _add(book, "Questions", *_questions(data))
    found = coverage(data)
    _add(book, "Coverage", found.columns, found.rows)
    _about(book, data)
    book.properties.title, book.properties.creator = _text(data.title), "threatgraph"
    book.properties.created = book.properties.modified = _CREATED
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    """The file, with fixed times in the archive."""
    import zipfile

    from openpyxl.writer.excel import ExcelWriter

    raw, out = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        ExcelWriter(book, archive).save()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":  # openpyxl puts the time of writing here
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(entry.filename, _CREATED.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _provisions(data: AssessmentData) -> tuple[Sequence[str], list[Sequence[Cell]]]:
    columns = (
        *("Framework", "Provision", "Status", "Why", "Matched words", "Summary", "Conditions", "Exceptions", "Obliges"),
        *("Risk tier", "Applies from", "IRI"),
    )
    rows: list[Sequence[Cell]] = [
        (
            *(p.framework, provision_name(p), p.status, p.reason, "; ".join(p.matched), p.summary),
            *("\n".join(p.conditions), "\n".join(p.exceptions), names(p.roles), p.tier, _day(p.applies_from), p.iri),
        )
        for p in data.provisions
    ]
    return columns, rows


def _threats(data: AssessmentData) -> tuple[Sequence[str], list[Sequence[Cell]]]:
    columns = (
        *("Rank", "Threat", "Certainty", "Score", "Severity", "Likelihood trend", "Definition", "Why", "Causes"),
        *("Affected parties", "Provisions", "Mitigations", "Controls of frameworks", "Detection indicators"),
        *("Response steps", "Comparable incidents", "IRI"),
    )
    known = {p.iri: f"{p.framework} {p.code}" for p in data.provisions}
    rows: list[Sequence[Cell]] = [
        (
            *(rank, threat_name(t), t.certainty, round(t.score, 3), t.severity, t.likelihood_trend, t.abstract, t.why),
            *(", ".join(t.causes), ", ".join(t.affected), _lines(known.get(iri, iri) for iri in t.provisions)),
            *(_lines(map(_control, t.mitigations)), _lines(map(_control, t.controls)), _lines(t.indicators)),
            *(_lines(t.response_steps), _lines(i.label for i in t.incidents), t.iri),
        )
        for rank, t in enumerate(data.threats, 1)
    ]
    return columns, rows


def _control(control: Control) -> str:
    name = f"{control.framework}: {control.label}" if control.framework else control.label
    return f"{name}: {control.text}" if control.text and control.text != control.label else name


def _incidents(data: AssessmentData) -> tuple[Sequence[str], list[Sequence[Cell]]]:
    columns = ("Incident", "Occurred", "Severity", "Outcome", "Why", "Sources", "IRI")
    return columns, [
        (i.label, _day(i.occurred), i.severity, i.outcome, i.why, _lines(i.sources), i.iri) for i in data.incidents
    ]


def _questions(data: AssessmentData) -> tuple[Sequence[str], list[Sequence[Cell]]]:
    known = {p.iri: f"{p.framework} {p.code}" for p in data.provisions}
    rows: list[Sequence[Cell]] = [
        (q.id, q.text, q.why, _lines(q.options), None, _lines(known.get(iri, iri) for iri in q.settles))
        for q in data.questions
    ]
    return ("Key", "Question", "Why it matters", "Possible answers", "Answer", "Settles"), rows


def _about(book: Workbook, data: AssessmentData) -> None:
    rows: list[Sequence[Cell]] = [
        ("Title", data.title),
        ("Disclaimer", DISCLAIMER),
        ("Risk tier, to check", data.tier),
        ("Roles", names(data.roles) or "not settled"),
        ("Description", data.description),
        *((f"Fact: {names([f.name])}", f"{fact_value(f)} (“{f.words}”)") for f in data.facts),
        *(("Note", note) for note in further_notes(data)),
        *(("Limit", text) for text in LIMITS),
    ]
    _add(book, "About", ("Item", "Value"), rows)


def _add(book: Workbook, title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Add a sheet with a frozen header, a filter and wrapped cells."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet: Worksheet = book.create_sheet(title)
    for at, name in enumerate(columns, 1):
        _put(sheet, 1, at, name)
        cell: Any = sheet.cell(1, at)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E7EBF0")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        texts = [*name.split(), *(str(row[at - 1]) for row in rows if row[at - 1] is not None)]
        longest = max(len(line) for text in texts for line in text.split("\n"))
        sheet.column_dimensions[get_column_letter(at)].width = max(_NARROWEST, min(longest + 2, _WIDEST))
    for number, row in enumerate(rows, 2):
        for at, value in enumerate(row, 1):
            if value not in (None, ""):
                _put(sheet, number, at, value)
                sheet.cell(number, at).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _put(sheet: Worksheet, row: int, column: int, value: Cell) -> None:
    """Write a cell with its type. Text that begins like a formula stays text, also when the cell is edited."""
    cell: Any = sheet.cell(row, column)
    if not isinstance(value, str):
        cell.value = value
        if isinstance(value, date):
            cell.number_format = "yyyy-mm-dd hh:mm" if isinstance(value, datetime) else "yyyy-mm-dd"
        return
    text = _text(value)
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = text[:1] in ("=", "+", "-", "@", "\t", "\n")


def _text(text: str) -> str:
    """A text that the format can represent."""
    text = _NOT_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _ESCAPE.sub("_x005F_", text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _lines(texts: Any) -> str:
    return "\n".join(texts)


def _day(text: str | None) -> Cell:
    """A day as a date; a month or a year, and what is not a date, as text."""
    if text is None or not _DAY.fullmatch(text):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text
