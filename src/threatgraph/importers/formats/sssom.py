"""Imports mappings from SSSOM/TSV, the Simple Standard for Sharing Ontological Mappings, as mapping sets.

Subjects and objects of a file (https://mapping-commons.github.io/sssom/) are resolved by IRI or skos:exactMatch to
provisions, patterns, domains and frameworks in the graph. Any other entry becomes a provision of a framework named
after its prefix. A mapping set links two frameworks, so a file with more of them becomes several sets. Negative
mappings are left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult, RecordBuilder, address, day, english, record
from threatgraph.importers.documents import line_of
from threatgraph.importers.formats.sssom_metadata import (
    PROPAGATED,
    SSSOM,
    MappingTable,
    Metadata,
    read_parts,
    split_values,
)
from threatgraph.importers.provisions import ProvisionResolver
from threatgraph.importers.sheets import Row, rows_of
from threatgraph.slugs import slug_of_any, with_hash
from threatgraph.store import Store
from threatgraph.vocab import BASE, SKOS, XSD, shorten

_SIDES = ("subject", "object")
#: Optional columns that are read.
_OPTIONAL = (
    *("subject_label", "object_label", "subject_type", "object_type", "predicate_modifier", "mapping_cardinality"),
    *("author_id", "confidence", "comment", "mapping_source"),
)
_RELATIONS = {f"{SKOS}{name}Match" for name in ("exact", "close", "related", "broad", "narrow")}
#: Identifiers for missing matches, in the standard and in earlier practice.
_NOTHING = {f"{SSSOM}{name}".lower() for name in ("NoTermFound", "NoMapping", "NoMatch")} | {"nomatch"}
_NO_MATCH = {"1:0", "0:1", "0:0"}
_LITERAL = "rdfs literal"
_FORMS = {"license": "an absolute IRI", "mapping_date": "a date such as 2024-08-01"}
# The lexical space of xsd:double without its infinities and NaN (section 3.3.5 of XSD 1.1 part 2).
_DOUBLE = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([Ee][+-]?[0-9]+)?")
_PLAIN = re.compile(r"[0-9](\.[0-9]{1,18})?")


@dataclass(slots=True)
class _Import:
    """The import of one or more files, and its result."""

    result: ImportResult
    entries: ProvisionResolver
    seen: dict[tuple[str, ...], tuple[Path, int]] = field(default_factory=dict)
    """The file and line where each mapping first occurs."""
    sets: dict[str, str] = field(default_factory=dict)
    """The ``mapping_set_id`` of each set, by name."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file being imported."""

    path: Path
    metadata: Metadata
    common: dict[str, str]
    """The values that apply to all rows."""
    labels: dict[str, str]
    """The first label of each entry."""
    import_: _Import
    unresolved: set[tuple[str, str]] = field(default_factory=set)
    """Slots with values that are not identifiers, each reported once."""
    unknown: list[tuple[int, str]] = field(default_factory=list)
    """Line and IRI of each threatgraph record that a mapping cannot link."""

    def report(self, row: Row, reason: str) -> None:
        self.import_.result.report(str(self.path), row.line, reason)

    def cell(self, row: Row, slot: str) -> str:
        """The value of a slot: of the row, or else of the mapping set."""
        return row[slot] or self.common.get(slot, "")


def read(path: Path, store: Store) -> ImportResult:
    """Import a file of mappings, or all such files in a folder.

    Args:
        path: the file, or a folder with ``.tsv`` or ``.sssom.csv`` files.
        store: the graph that the mappings may link to.

    Returns:
        The mapping sets, and the provisions and frameworks that are not in the graph.

    Raises:
        InvalidFile: if a file cannot be read, or lacks a column or the ``mapping_set_id``.
    """
    result = ImportResult("MappingSet", frozenset({"Provision", "Framework"}))
    found = [file for ending in ("*.tsv", "*.sssom.csv") for file in [*path.glob(ending), *path.glob(f"{ending}.gz")]]
    files = sorted(found) if path.is_dir() else [path]
    if not files:
        raise InvalidFile(str(path), "has no .tsv file with mappings.")
    import_ = _Import(result, ProvisionResolver(store, result))
    for file in files:
        _read_file(file, import_)
    return result


def _read_file(path: Path, import_: _Import) -> None:
    metadata, table = read_parts(path)
    _check_slots(metadata, import_.result)
    rows = _rows(path, metadata, table, import_.result)
    common = {slot: metadata[slot] for slot in PROPAGATED if not any(row[slot] for row in rows)}
    file = _File(path, metadata, common, _labels(rows), import_)
    for row in rows:
        if why := _why_not(row, file):
            file.report(row, why)
        elif (relation := _relation(row, file)) and (ends := _ends(row, file)):
            _map(row, file, relation, *ends)
    _report_unknown(file)


def _rows(path: Path, metadata: Metadata, table: MappingTable, result: ImportResult) -> list[Row]:
    """The rows of the table of a file."""
    columns = {cell.strip(' "') for cell in re.split(r"[\t,\r\n]", table.text.split("\n", 1)[0])}
    # A literal has no id, so a set with only literals on one side may lack that id column (section "Literal mappings").
    literal = {side for side in _SIDES if f"{side}_type" in columns or metadata[f"{side}_type"]}
    usual = ["subject_id", "predicate_id", "object_id", "mapping_justification"]
    required = [column for column in usual if column.removesuffix("_id") not in literal]
    optional = [*_OPTIONAL, *(column for column in usual if column not in required)]
    return rows_of(
        path,
        table.text,
        required,
        result,
        optional=optional,
        delimiter=table.delimiter,
        first=table.first,
        ragged=True,
    )


def _check_slots(metadata: Metadata, result: ImportResult) -> None:
    """Report metadata that is left out."""
    for slot, is_good in (("license", address), ("mapping_date", _whole_day)):
        if (value := metadata[slot]) and is_good(value) is None:
            reason = f"{slot} is not {_FORMS[slot]}: {value!r}; left out."
            result.report(str(metadata.path), line_of(metadata.slots), reason)


def _labels(rows: list[Row]) -> dict[str, str]:
    """The first label of each entry."""
    labels: dict[str, str] = {}
    for row in rows:
        for side in _SIDES:
            if label := row[f"{side}_label"]:
                labels.setdefault(row[f"{side}_id"], label)
    return labels


def _report_unknown(file: _File) -> None:
    """Report the mappings of unsupported records in one line, since a file may have hundreds."""
    if not file.unknown:
        return
    line, iri = file.unknown[0]
    kinds = "a provision, pattern, domain or framework in the graph"
    reason = f"{shorten(iri)} is not {kinds}; left out."
    if len(file.unknown) > 1:
        reason = f"{reason.removesuffix('.')}, with {len(file.unknown) - 1} other mappings of such records."
    file.import_.result.report(str(file.path), line, reason)


def _why_not(row: Row, file: _File) -> str:
    """Why a row cannot be imported; empty if it can."""
    modifier = row["predicate_modifier"]
    if modifier:
        negative = modifier.lower() == "not"
        meaning = "a negative mapping" if negative else "not supported"
        return f"predicate_modifier {modifier!r} is {meaning}; left out."
    for side in (*_SIDES, "predicate"):
        name = row[f"{side}_id"]
        if (file.metadata.expand(name) or name).lower() in _NOTHING:
            return f"{side}_id {name!r} means that nothing matches; left out."
    for side in _SIDES:
        if file.cell(row, f"{side}_type").lower() == _LITERAL:
            text = row[f"{side}_label"]
            return f"the {side} is a literal, {text!r}, but a mapping requires an id; left out."
        if not row[f"{side}_id"]:
            return f"{side}_id is missing."
    if row["mapping_cardinality"] in _NO_MATCH:
        return f"mapping_cardinality {row['mapping_cardinality']!r} means that nothing matches; left out."
    return ""


def _relation(row: Row, file: _File) -> tuple[str, str] | None:
    """The relation and the justification of a row; ``None`` if they are not supported."""
    relation = file.metadata.expand(row["predicate_id"])
    justification = file.metadata.expand(row["mapping_justification"])
    if relation not in _RELATIONS:
        file.report(
            row,
            "predicate_id must be skos:exactMatch, closeMatch, relatedMatch, broadMatch or narrowMatch, "
            f"not {row['predicate_id']!r}.",
        )
    elif justification is None:
        file.report(
            row, f"{row['mapping_justification']!r} is not a justification such as semapv:ManualMappingCuration."
        )
    elif row["confidence"] and _share(row["confidence"]) is None:
        file.report(row, f"confidence must be a number from 0 to 1, not {row['confidence']!r}.")
    else:
        return relation, justification
    return None


def _share(text: str) -> str | None:
    """Convert an xsd:double from 0 to 1 into the text of an xsd:decimal; ``None`` for any other value."""
    if not _DOUBLE.fullmatch(text):
        return None
    value = float(text)
    if not 0 <= value <= 1:
        return None
    if _PLAIN.fullmatch(text) and Decimal(text) <= 1:  # unchanged
        return text
    return f"{Decimal(repr(abs(value))):f}"


def _ends(row: Row, file: _File) -> tuple[str, str] | None:
    """The subject and the object of a row."""
    ends = []
    for side in _SIDES:
        name = row[f"{side}_id"]
        iri = file.metadata.expand(name)
        end = file.import_.entries.known(iri or "", name)
        if end is None and iri is None:
            file.report(row, f"{name!r} has an undeclared prefix: add it to curie_map.")
        elif end is None and iri is not None:
            end = _new_entry(row, file, side, iri)
        if end is None:
            return None
        ends.append(end)
    if ends[0] == ends[1]:
        file.report(row, f"{row['subject_id']!r} is mapped to itself; left out.")
        return None
    return ends[0], ends[1]


def _new_entry(row: Row, file: _File, side: str, iri: str) -> str | None:
    """Create a provision for an entry that is not in the graph."""
    name, prefixes = row[f"{side}_id"], file.metadata.prefixes
    if iri.startswith(BASE):
        file.unknown.append((row.line, iri))
        return None
    prefix, _, local = name.partition(":")
    if prefix not in prefixes or local.startswith("//"):  # a full IRI: its last segment is the id
        prefix, local = re.sub(r"^[a-z]+://", "", iri[: _cut(iri)]), iri[_cut(iri) :]
    framework = file.import_.entries.framework(
        prefix,
        str(file.path),
        row.line,
        skos_prefLabel=english(prefix),
        dcterms_description=english(f"Vocabulary with the entries in imported mappings: {prefix}."),
        dcterms_source=address(prefixes.get(prefix, "")) or address(iri),
    )
    if framework is None:
        file.report(row, f"the prefix {prefix!r} must contain a letter or digit.")
        return None
    builder = file.import_.entries.add(iri, framework, local, file.labels.get(name, ""), str(file.path), row.line)
    if builder is None:
        return None
    builder.add("tg:provisionLevel", Literal("entry"))
    builder.add("dcterms:source", address(iri))
    return builder.iri


def _cut(iri: str) -> int:
    """The index of the last segment of an IRI."""
    return max(iri.rstrip("/#").rfind(mark) for mark in "/#=:") + 1


def _map(row: Row, file: _File, relation: tuple[str, str], subject: str, target: str) -> None:
    builder = _set_of(row, file, subject, target)
    if builder is None:
        return
    stated = [row[slot] for slot in ("confidence", "object_label", "comment", "author_id", "mapping_source")]
    key = (builder.iri, subject, target, *relation, *stated)
    path, line = file.import_.seen.setdefault(key, (file.path, row.line))
    if (path, line) != (file.path, row.line):
        file.report(
            row, f"duplicate of the mapping on line {line}{f' of {path}' if path != file.path else ''}; left out."
        )
        return
    base = "-to-".join(str(slug_of_any(end.rpartition("/")[2])) for end in (subject, target))
    free = (base if number == 1 else f"{base}-{number}" for number in range(1, len(file.import_.seen) + 2))
    part = builder.add_part("tg:crosswalkMapping", next(n for n in free if not builder.has(n)), "CrosswalkMapping")
    builder.add("sssom:subject_id", NamedNode(subject), part=part)
    builder.add("sssom:object_id", NamedNode(target), part=part)
    builder.add("sssom:predicate_id", NamedNode(relation[0]), part=part)
    builder.add("sssom:mapping_justification", NamedNode(relation[1]), part=part)
    if share := _share(row["confidence"]):
        builder.add("sssom:confidence", Literal(share, datatype=NamedNode(f"{XSD}decimal")), part=part)
    builder.add("tg:sourceLabel", english(row["object_label"]), part=part)
    builder.add("skos:editorialNote", english(row["comment"]), part=part)
    _add_provenance(row, file, builder, part)


def _add_provenance(row: Row, file: _File, builder: RecordBuilder, part: str) -> None:
    """Add the source and the authors of a mapping; values that are not CURIEs or IRIs are reported."""
    sources = [row["mapping_source"]] if row["mapping_source"] else []
    for prop, slot, names in (
        ("dcterms:source", "mapping_source", sources),
        ("prov:wasAttributedTo", "author_id", split_values(row["author_id"])),
    ):
        for name in names:
            if iri := file.metadata.expand(name):
                builder.add(prop, NamedNode(iri), part=part)
            elif (slot, name) not in file.unresolved:
                file.unresolved.add((slot, name))
                file.report(row, f"{slot} {name!r} is not a CURIE with a declared prefix; left out.")


def _set_of(row: Row, file: _File, subject: str, target: str) -> RecordBuilder | None:
    """Find or create the mapping set of two frameworks."""
    frameworks = [file.import_.entries.framework_of(end) for end in (subject, target)]
    short = [framework.rpartition("/")[2] for framework in frameworks]
    metadata = file.metadata
    identity = metadata["mapping_set_id"]
    stem = re.sub(r"\.(sssom\.)?(tsv|csv|yaml|yml)(\.gz)?$", "", identity.rstrip("/").rpartition("/")[2])
    name = f"sssom-{slug_of_any(f'{short[0]} to {short[1]} {stem}')}"
    if file.import_.sets.setdefault(name, identity) != identity:  # another set with the same slug
        name = with_hash(name, identity)
    iri = record("mapping-set", name).value
    if iri in file.import_.result.records:
        return file.import_.result.records[iri]
    builder = RecordBuilder(iri, "MappingSet", str(file.path), row.line)
    builder.requires = "tg:crosswalkMapping"
    title = metadata["mapping_set_title"] or stem
    about = metadata["mapping_set_description"] or f"Imported mappings of {title}"
    names = [file.import_.entries.labels[framework] for framework in frameworks]
    builder.add("skos:prefLabel", english(f"{names[0]} to {names[1]} ({title})"))
    builder.add("dcterms:description", english(about))
    builder.add("dcterms:source", address(identity))
    builder.add("dcterms:license", address(metadata["license"]))
    builder.add("dcterms:modified", _whole_day(metadata["mapping_date"]))
    builder.add("sssom:subject_source", NamedNode(frameworks[0]))
    builder.add("sssom:object_source", NamedNode(frameworks[1]))
    builder.add("tg:curationStatus", record("curation-status", "as-in-source"))
    return builder if file.import_.result.add(builder) else None


def _whole_day(text: str) -> Literal | None:
    return day(text) if len(text) == len("2026-01-31") else None
