"""The metadata of an SSSOM file: YAML 1.2 in comment lines above its table, or in a file beside it.

The rules are those of section "SSSOM/TSV" of the specification (https://mapping-commons.github.io/sssom/).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from threatgraph.display import printable
from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import address, tidy
from threatgraph.importers.documents import LINE, Entry, line_of, text_of
from threatgraph.importers.sheets import read_text
from threatgraph.importers.yaml_reader import parse_yaml
from threatgraph.vocab import BASE, PREFIXES

SSSOM = PREFIXES["sssom"]
#: Prefixes that need no declaration, and that a declaration may not change (section "IRI prefixes").
BUILT_IN = {name: PREFIXES[name] for name in ("owl", "rdf", "rdfs", "semapv", "skos", "sssom", "xsd")} | {
    "linkml": "https://w3id.org/linkml/"
}
#: Prefixes that this project understands without a declaration too; a declaration comes first.
_USUAL = {**PREFIXES, "threatgraph": BASE, "orcid": "https://orcid.org/", "ORCID": "https://orcid.org/"}
#: Slots of a set that count for each of its mappings, where no mapping has a value of its own.
PROPAGATED = frozenset({"subject_type", "object_type", "mapping_date"})
#: How the name of a file with metadata may go on where that of its table has ``.tsv``.
_BESIDE = (".sssom.yml", ".sssom.yaml", "-meta.yml", "-meta.yaml", ".yml", ".yaml")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_VALUES = re.compile(r"(?:\\[\\|]|[^|])*")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says of all its mappings."""

    path: Path
    """Where it says so."""
    slots: Entry
    prefixes: Mapping[str, str]

    def __getitem__(self, slot: str) -> str:
        """The text of a slot; empty where it has none."""
        return text_of(self.slots, slot)

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
class MappingTable:
    """The table of a file: its text, the line that it begins on, and what stands between two cells."""

    text: str
    first: int
    delimiter: str


def read_parts(path: Path) -> tuple[Metadata, MappingTable]:
    """The two parts of a file of mappings.

    Args:
        path: the file, with tabs or commas between the cells of its table.

    Returns:
        Its metadata, together with that of a file beside it where its own are not complete; and its table.

    Raises:
        InvalidFile: where a file cannot be read, its metadata are not valid YAML, declare a prefix that is none or a
            built-in one otherwise, follow another version of the standard, or do not identify the mapping set.
    """
    lines = _LINES.findall(read_text(path))
    head = 0
    while head < len(lines) and lines[head].lstrip('"')[:1] in ("#", "\r", "\n"):
        head += 1
    # A blank line alone is no metadata: it may stand above a table.
    own = lines[:head] if any(line.strip() for line in lines[:head]) else []
    table = MappingTable("".join(lines[head:]), head + 1, _delimiter(lines[head] if head < len(lines) else ""))
    slots = _embedded(path, own, table) if own else {}
    source = path
    if not text_of(slots, "mapping_set_id") or "curie_map" not in slots:
        beside = next(_beside(path), None)
        if beside is not None:
            slots = {**parse_yaml(read_text(beside), beside), **slots}
            source = beside
    _check_version(source, slots)
    metadata = Metadata(source, slots, {**_USUAL, **_declared(source, slots)})
    _check_id(path, metadata)
    return metadata, table


def split_values(cell: str) -> list[str]:
    r"""The values of a cell with several: ``|`` divides them, ``\|`` and ``\\`` stand for ``|`` and ``\``."""
    values = (match[0] for match in _VALUES.finditer(cell))
    return [text for value in values if (text := re.sub(r"\\([\\|])", r"\1", value).strip())]


def _delimiter(header: str) -> str:
    """What stands between two cells: a tab, or a comma where the header has that alone."""
    return "," if "\t" not in header and "," in header else "\t"


def _embedded(path: Path, lines: Iterable[str], table: MappingTable) -> Entry:
    """The slots in the comment lines of a file."""
    columns = table.text.split("\n", 1)[0].count(table.delimiter)
    bare = [_without_padding(line, table.delimiter, columns) for line in lines]
    indents = [len(line) - len(line.lstrip(" ")) for line in bare if line.strip()]
    indent = min(indents, default=0)
    text = "\n".join(line[indent:] for line in bare)
    if not text.strip() or all(line.strip()[:1] in ("", "#") for line in bare):
        return {}
    slots = parse_yaml(text, path, indent=indent + 1)
    return {key: value for key, value in slots.items() if key is not LINE}


def _without_padding(line: str, delimiter: str, columns: int) -> str:
    """A comment line without its mark, and without what a spreadsheet puts around it: quotes, and empty cells."""
    line = line.rstrip("\r\n")
    if line.startswith('"'):
        line = next(csv.reader([line], delimiter=delimiter), [""])[0]
    return line.removesuffix(delimiter * columns).rstrip()[1:]


def _beside(path: Path) -> Iterator[Path]:
    """The files beside a table that may hold its metadata."""
    for ending in _BESIDE:
        file = path.with_name(_stem(path) + ending)
        if file.is_file():
            yield file


def _check_version(path: Path, slots: Entry) -> None:
    version = text_of(slots, "sssom_version")
    if version and version.partition(".")[0] != "1":
        raise InvalidFile(str(path), f"follows version {version!r} of SSSOM, and only versions 1.x are supported.")


def _declared(path: Path, slots: Entry) -> dict[str, str]:
    """The prefixes of the CURIE map."""
    found = slots.get("curie_map")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InvalidFile(
            str(path), "curie_map must be a mapping of prefixes to IRIs, such as `A: https://a.example/`."
        )
    prefixes: dict[str, str] = {}
    for prefix, value in found.items():
        if prefix is LINE:
            continue
        namespace = tidy(value) if isinstance(value, str) else ""
        if address(namespace) is None:
            reason = f"the prefix {prefix!r} in curie_map must stand for an absolute IRI: {namespace!r}."
            raise InvalidFile(str(path), reason, line_of(found))
        if BUILT_IN.get(prefix, namespace) != namespace:
            reason = f"the prefix {prefix!r} in curie_map must stand for <{BUILT_IN[prefix]}>, as SSSOM has it."
            raise InvalidFile(str(path), reason, line_of(found))
        prefixes[prefix] = namespace
    return prefixes


def _check_id(path: Path, metadata: Metadata) -> None:
    """Refuse a set that does not say where it comes from, since its records could not say so either."""
    told = metadata["mapping_set_id"]
    if not told:
        reason = (
            "the header does not say where the mappings come from: add `# mapping_set_id: https://…` to it, or put its "
            f"metadata into {printable(_stem(path), line_ends=False)}.sssom.yml."
        )
        raise InvalidFile(str(path), reason)
    if address(told) is None:
        raise InvalidFile(str(metadata.path), f"mapping_set_id must be an absolute IRI: {told!r}.")


def _stem(path: Path) -> str:
    return re.sub(r"(\.sssom)?\.(tsv|csv|txt)(\.gz)?$", "", path.name)
