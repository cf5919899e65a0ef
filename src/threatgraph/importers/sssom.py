"""Mappings in SSSOM/TSV, the Simple Standard for Sharing Ontological Mappings, as mapping sets of ours.

A file (https://mapping-commons.github.io/sssom/, section "SSSOM/TSV") is a table below a header of comment lines. What
it maps must be provisions here: an entry that the graph knows, by its IRI or by a skos:exactMatch, is that provision,
and any other becomes a provision of a framework that is named after its prefix. A mapping set of ours joins two
frameworks, so that a file with more of them becomes several sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidFile
from threatgraph.importers.drafts import Draft, Harvest, address, day, english, record, slug
from threatgraph.importers.entries import Entries
from threatgraph.importers.sheets import Row, read_text, rows_of
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES, SKOS, XSD

_COLUMNS = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_RELATIONS = {f"{SKOS}{name}Match" for name in ("exact", "close", "related", "broad", "narrow")}
#: Prefixes that need no declaration: those of the standard, of this project, and the usual one of a person.
_PREFIXES = {**PREFIXES, "threatgraph": BASE, "orcid": "https://orcid.org/", "ORCID": "https://orcid.org/"}
_TOP = re.compile(r"#\s?([A-Za-z_]+):\s*(.*)")
_NESTED = re.compile(r"#\s{2,}([^\s:]+):\s+(\S+)")
#: The objects and predicates by which a file says that it found nothing to map to.
_NOTHING = {"nomatch", "sssom:nomatch", "sssom:notermfound"}


@dataclass(frozen=True, slots=True)
class _Header:
    """What the comment lines at the top of a file tell."""

    told: Mapping[str, str]
    prefixes: Mapping[str, str]
    lines: int

    def expand(self, name: str) -> str | None:
        """The IRI of a CURIE or of an IRI; ``None`` where its prefix is not declared."""
        prefix, colon, local = name.partition(":")
        if colon and prefix in self.prefixes and not local.startswith("//"):
            name = self.prefixes[prefix] + local
        elif not re.match(r"(https?|urn):", name):
            return None
        iri = address(name)
        return iri.value if iri else None


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is being read, and where its mappings go."""

    path: Path
    header: _Header
    harvest: Harvest
    entries: Entries
    seen: dict[tuple[str, ...], int]
    """What the mappings join, and how, to the line that says so first."""

    def blame(self, row: Row, reason: str) -> None:
        self.harvest.blame(str(self.path), row.line, reason)


def read(path: Path, store: Store) -> Harvest:
    """Read a file of mappings, or all that a folder holds.

    Args:
        path: the file, or a folder of files that end in ``.tsv``.
        store: the graph, with the provisions that the mappings may join.

    Returns:
        The mapping sets, with the provisions and frameworks that the graph does not have.

    Raises:
        InvalidFile: where a file cannot be read, lacks a column, or does not say where its mappings come from.
    """
    harvest = Harvest("MappingSet", frozenset({"Provision", "Framework"}))
    files = sorted([*path.glob("*.tsv"), *path.glob("*.tsv.gz")]) if path.is_dir() else [path]
    if not files:
        raise InvalidFile(str(path), "holds no file of mappings that ends in .tsv.")
    entries = Entries(store, harvest)
    for file in files:
        text = read_text(file)
        header = _header(text)
        body = text.split("\n", header.lines)[-1]
        rows = rows_of(file, body, _COLUMNS, harvest, delimiter="\t", first=header.lines + 1, ragged=True)
        if address(header.told.get("mapping_set_id", "")) is None:
            reason = "the header does not say where the mappings come from: add `# mapping_set_id: https://…` to it."
            raise InvalidFile(str(file), reason)
        _read_rows(rows, _File(file, header, harvest, entries, {}))
    return harvest


def _header(text: str) -> _Header:
    """The comment lines at the top: the simple keys, and the prefixes."""
    told: dict[str, str] = {}
    prefixes = dict(_PREFIXES)
    count, inside = 0, ""
    for line in text.split("\n"):
        if not line.startswith("#"):
            break
        count += 1
        if top := _TOP.match(line):
            inside = top[1]
            told[inside] = top[2].strip().strip("'\"")
        elif inside == "curie_map" and (nested := _NESTED.match(line)):
            prefixes[nested[1].strip("'\"")] = nested[2].strip("'\"")
    return _Header(told, prefixes, count)


def _read_rows(rows: list[Row], file: _File) -> None:
    nothing = 0
    for row in rows:
        if _says_nothing(row):
            nothing += 1
        elif (relation := _relation(row, file)) and (ends := _ends(row, file)):
            _map(row, file, relation, *ends)
    if nothing:
        file.harvest.notes.append(f"{file.path}: {nothing} rows that say that nothing matches are left out.")


def _says_nothing(row: Row) -> bool:
    negated = row["predicate_modifier"].lower() == "not"
    return negated or not _NOTHING.isdisjoint((row["predicate_id"].lower(), row["object_id"].lower()))


def _relation(row: Row, file: _File) -> tuple[str, str] | None:
    """The relation and the justification of a row, where our model has such."""
    relation = file.header.expand(row["predicate_id"])
    justification = file.header.expand(row["mapping_justification"])
    if relation not in _RELATIONS:
        file.blame(row, f"{row['predicate_id']!r} is no mapping relation of SKOS, such as skos:closeMatch.")
    elif justification is None:
        file.blame(row, f"{row['mapping_justification']!r} is no justification such as semapv:ManualMappingCuration.")
    elif not _is_share(row["confidence"]):
        file.blame(row, f"the confidence is no number from 0 to 1: {row['confidence']!r}.")
    else:
        return relation, justification
    return None


def _is_share(text: str) -> bool:
    return not text or bool(re.fullmatch(r"0|1|0?\.[0-9]+|0\.|1\.0*", text))


def _ends(row: Row, file: _File) -> tuple[str, str] | None:
    """The provisions that a row joins."""
    ends = []
    for side in ("subject", "object"):
        name = row[f"{side}_id"]
        iri = file.header.expand(name)
        provision = file.entries.known(iri or "", name)
        if provision is None and iri is None:
            file.blame(row, f"{name!r} has a prefix that the header does not declare: add it to curie_map.")
        elif provision is None and iri is not None:
            provision = _new_entry(row, file, side, iri)
        if provision is None:
            return None
        ends.append(provision)
    return ends[0], ends[1]


def _new_entry(row: Row, file: _File, side: str, iri: str) -> str | None:
    """A provision for an entry that the graph does not know."""
    name = row[f"{side}_id"]
    if iri.startswith(BASE):
        file.blame(row, f"{name} is no provision of the graph, and a mapping set joins provisions alone.")
        return None
    prefix, _, local = name.partition(":")
    if prefix not in file.header.prefixes:  # an IRI in full: its last part is the id
        prefix, local = re.sub(r"^[a-z]+://", "", iri[: _cut(iri)]), iri[_cut(iri) :]
    framework = file.entries.framework(
        prefix,
        str(file.path),
        row.line,
        skos_prefLabel=english(prefix),
        dcterms_description=english(f"A vocabulary, with the entries that imported mappings name: {prefix}."),
        dcterms_source=address(file.header.prefixes.get(prefix, "")) or address(iri),
    )
    draft = (
        file.entries.add(iri, framework, local, row[f"{side}_label"], str(file.path), row.line) if framework else None
    )
    if draft is None:
        return None
    draft.put("tg:provisionLevel", Literal("entry"))
    draft.put("dcterms:source", address(iri))
    return draft.iri


def _cut(iri: str) -> int:
    """Where the last part of an IRI begins."""
    return max(iri.rstrip("/#").rfind(mark) for mark in "/#=:") + 1


def _map(row: Row, file: _File, relation: tuple[str, str], subject: str, target: str) -> None:
    key = (subject, target, *relation)
    if key in file.seen:
        file.blame(row, f"the same mapping stands on line {file.seen[key]}.")
        return
    file.seen[key] = row.line
    draft = _set_of(row, file, subject, target)
    if draft is None:
        return
    base = f"{slug(subject.rpartition('/')[2])}-to-{slug(target.rpartition('/')[2])}"
    names = (base if number == 1 else f"{base}-{number}" for number in range(1, len(file.seen) + 2))
    part = draft.add_part("tg:crosswalkMapping", next(n for n in names if not draft.has(n)), "CrosswalkMapping")
    draft.put("sssom:subject_id", NamedNode(subject), part=part)
    draft.put("sssom:object_id", NamedNode(target), part=part)
    draft.put("sssom:predicate_id", NamedNode(relation[0]), part=part)
    draft.put("sssom:mapping_justification", NamedNode(relation[1]), part=part)
    if row["confidence"]:
        draft.put("sssom:confidence", Literal(row["confidence"], datatype=NamedNode(f"{XSD}decimal")), part=part)
    draft.put("tg:sourceLabel", english(row["object_label"]), part=part)
    draft.put("skos:editorialNote", english(row["comment"]), part=part)
    author = file.header.expand(row["author_id"])
    draft.put("prov:wasAttributedTo", NamedNode(author) if author else None, part=part)


def _set_of(row: Row, file: _File, subject: str, target: str) -> Draft | None:
    """The mapping set of the two frameworks, which is made with the first mapping of it."""
    frameworks = [file.entries.framework_of(provision) for provision in (subject, target)]
    short = [framework.rpartition("/")[2] for framework in frameworks]
    told = file.header.told
    stem = re.sub(r"\.(sssom\.)?(tsv|yaml|yml)(\.gz)?$", "", told["mapping_set_id"].rstrip("/").rpartition("/")[2])
    name = slug(f"{short[0]} to {short[1]} {stem}")
    iri = record("mapping-set", f"sssom-{name}").value
    if iri in file.harvest.drafts:
        return file.harvest.drafts[iri]
    draft = Draft(iri, "MappingSet", str(file.path), row.line)
    draft.keep_with = "tg:crosswalkMapping"
    title = told.get("mapping_set_title") or stem
    about = told.get("mapping_set_description") or f"Imported mappings of {title}"
    names = [file.entries.labels[framework] for framework in frameworks]
    draft.put("skos:prefLabel", english(f"{names[0]} to {names[1]} ({title})"))
    draft.put("dcterms:description", english(about))
    draft.put("dcterms:source", address(told["mapping_set_id"]))
    draft.put("dcterms:license", address(told.get("license", "")))
    draft.put("dcterms:modified", _whole_day(told.get("mapping_date", "")))
    draft.put("sssom:subject_source", NamedNode(frameworks[0]))
    draft.put("sssom:object_source", NamedNode(frameworks[1]))
    draft.put("tg:curationStatus", record("curation-status", "as-in-source"))
    return draft if file.harvest.add(draft) else None


def _whole_day(text: str) -> Literal | None:
    return day(text) if len(text) == len("2026-01-31") else None
