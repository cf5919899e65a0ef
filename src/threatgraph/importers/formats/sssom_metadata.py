"""Reads the metadata of an SSSOM file: YAML 1.2 in comment lines above its table, or in a separate file.

See section "SSSOM/TSV" of the specification (https://mapping-commons.github.io/sssom/).
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
#: Built-in prefixes, which need no declaration and must not be redefined (section "IRI prefixes").
BUILT_IN = {name: PREFIXES[name] for name in ("owl", "rdf", "rdfs", "semapv", "skos", "sssom", "xsd")} | {
    "linkml": "https://w3id.org/linkml/"
}
#: Further prefixes with a default; a declaration overrides it.
_USUAL = {**PREFIXES, "threatgraph": BASE, "orcid": "https://orcid.org/", "ORCID": "https://orcid.org/"}
#: Propagated slots: their value applies to all mappings of a set, unless a mapping has a value.
PROPAGATED = frozenset({"subject_type", "object_type", "mapping_date"})
#: Endings of a metadata file, instead of the ``.tsv`` of its table.
_METADATA_ENDINGS = (".sssom.yml", ".sssom.yaml", "-meta.yml", "-meta.yaml", ".yml", ".yaml")
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_VALUES = re.compile(r"(?:\\[\\|]|[^|])*")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of a mapping set."""

    path: Path
    """The file with the metadata."""
    slots: Entry
    prefixes: Mapping[str, str]

    def __getitem__(self, slot: str) -> str:
        """The text of a slot; empty if it has none."""
        return text_of(self.slots, slot)

    def expand(self, name: str) -> str | None:
        """Expand a CURIE to an IRI, and return an IRI unchanged; ``None`` if the prefix is not declared."""
        prefix, colon, local = name.partition(":")
        if colon and prefix in self.prefixes and not local.startswith("//"):
            name = self.prefixes[prefix] + local
        elif not re.match(r"(https?|urn):", name):
            return None
        iri = address(name)
        return iri.value if iri else None


@dataclass(frozen=True, slots=True)
class MappingTable:
    """The table of a file: its text, its first line in the file, and its delimiter."""

    text: str
    first: int
    delimiter: str


def read_parts(path: Path) -> tuple[Metadata, MappingTable]:
    """Split a file of mappings into its metadata and its table.

    Args:
        path: the file; its table is separated by tabs or commas.

    Returns:
        The metadata, completed from a separate metadata file if necessary, and the table.

    Raises:
        InvalidFile: if a file cannot be read, or its metadata is not valid YAML, declares an invalid prefix, redefines
            a built-in prefix, has an unsupported version, or lacks the ``mapping_set_id``.
    """
    lines = _LINES.findall(read_text(path))
    head = 0
    while head < len(lines) and lines[head].lstrip('"')[:1] in ("#", "\r", "\n"):
        head += 1
    # Blank lines above a table are not metadata.
    own = lines[:head] if any(line.strip() for line in lines[:head]) else []
    table = MappingTable("".join(lines[head:]), head + 1, _delimiter(lines[head] if head < len(lines) else ""))
    slots = _embedded(path, own, table) if own else {}
    source = path
    if not text_of(slots, "mapping_set_id") or "curie_map" not in slots:
        separate = next(_metadata_files(path), None)
        if separate is not None:
            slots = {**parse_yaml(read_text(separate), separate), **slots}
            source = separate
    _check_version(source, slots)
    metadata = Metadata(source, slots, {**_USUAL, **_declared(source, slots)})
    _check_id(path, metadata)
    return metadata, table


def split_values(cell: str) -> list[str]:
    r"""Split a cell with several values at ``|``; ``\|`` and ``\\`` are escapes for ``|`` and ``\``."""
    values = (match[0] for match in _VALUES.finditer(cell))
    return [text for value in values if (text := re.sub(r"\\([\\|])", r"\1", value).strip())]


def _delimiter(header: str) -> str:
    """The delimiter of a table: a comma if the header has commas and no tab, otherwise a tab."""
    return "," if "\t" not in header and "," in header else "\t"


def _embedded(path: Path, lines: Iterable[str], table: MappingTable) -> Entry:
    """Parse the slots in the comment lines of a file."""
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
    """A comment line without ``#``, and without quotes and empty cells added by a spreadsheet."""
    line = line.rstrip("\r\n")
    if line.startswith('"'):
        line = next(csv.reader([line], delimiter=delimiter), [""])[0]
    return line.removesuffix(delimiter * columns).rstrip()[1:]


def _metadata_files(path: Path) -> Iterator[Path]:
    """Iterate over the metadata files next to a table."""
    for ending in _METADATA_ENDINGS:
        file = path.with_name(_stem(path) + ending)
        if file.is_file():
            yield file


def _check_version(path: Path, slots: Entry) -> None:
    version = text_of(slots, "sssom_version")
    if version and version.partition(".")[0] != "1":
        raise InvalidFile(str(path), f"uses SSSOM version {version!r}, but only versions 1.x are supported.")


def _declared(path: Path, slots: Entry) -> dict[str, str]:
    """The declared prefixes."""
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
            reason = f"prefix {prefix!r} in curie_map must map to an absolute IRI, not {namespace!r}."
            raise InvalidFile(str(path), reason, line_of(found))
        if BUILT_IN.get(prefix, namespace) != namespace:
            reason = f"prefix {prefix!r} in curie_map must map to <{BUILT_IN[prefix]}>, since SSSOM defines it."
            raise InvalidFile(str(path), reason, line_of(found))
        prefixes[prefix] = namespace
    return prefixes


def _check_id(path: Path, metadata: Metadata) -> None:
    """Require a ``mapping_set_id``, which becomes the source of the records."""
    identity = metadata["mapping_set_id"]
    if not identity:
        reason = (
            "mapping_set_id is missing: add `# mapping_set_id: https://…` to the header, or put the metadata "
            f"into {printable(_stem(path), line_ends=False)}.sssom.yml."
        )
        raise InvalidFile(str(path), reason)
    if address(identity) is None:
        raise InvalidFile(str(metadata.path), f"mapping_set_id must be an absolute IRI, not {identity!r}.")


def _stem(path: Path) -> str:
    return re.sub(r"(\.sssom)?\.(tsv|csv|txt)(\.gz)?$", "", path.name)
