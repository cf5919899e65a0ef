"""Canonical Turtle, term by term: slow and simple, to compare the writer of lines with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.rdf.terms import Term
from threatgraph.vocab import RDF_TYPE, XSD

LOCAL_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_\-])?\Z")
BARE = {f"{XSD}integer": re.compile(r"[+-]?[0-9]+\Z"), f"{XSD}boolean": re.compile(r"(?:true|false)\Z")}
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def plain_turtle(triples: Iterable[Triple], prefixes: Mapping[str, str]) -> str:
    """The canonical form of triples without blank nodes."""
    statements = set(triples)
    subjects = sorted({str(triple.subject)[1:-1] for triple in statements})
    records = {subject.partition("#")[0] for subject in subjects}
    if len(records) == 1 and any("#" in subject for subject in subjects):
        prefixes = {"": f"{records.pop()}#", **prefixes}
    used: dict[str, str] = {}

    def name(iri: str) -> str:
        for prefix, namespace in sorted(prefixes.items(), key=lambda item: (item[0] != "", -len(item[1]))):
            if iri.startswith(namespace) and LOCAL_NAME.match(iri, len(namespace)):
                used[prefix] = namespace
                return f"{prefix}:{iri[len(namespace) :]}"
        return f"<{iri}>"

    def written(term: Term) -> str:
        if isinstance(term, NamedNode):
            return name(term.value)
        assert isinstance(term, Literal)
        text = f'"{term.value.translate(ESCAPES)}"'
        if term.language:
            return f"{text}@{term.language}"
        datatype = term.datatype.value
        if datatype == f"{XSD}string":
            return text
        bare = datatype in BARE and BARE[datatype].match(term.value)
        return term.value if bare else f"{text}^^{name(datatype)}"

    blocks = []
    for subject in subjects:
        own = [t for t in statements if str(t.subject) == f"<{subject}>"]
        own.sort(key=lambda t: (t.predicate.value != RDF_TYPE, str(t.predicate), str(t.object)))
        verbs = ["a" if t.predicate.value == RDF_TYPE else written(t.predicate) for t in own]
        lines = [f"    {verb} {written(t.object)} ;\n" for verb, t in zip(verbs, own, strict=True)]
        blocks.append(f"\n{name(subject)}\n{''.join(lines)}    .")
    head = "\n".join(f"@prefix {prefix}: <{iri}> ." for prefix, iri in sorted(used.items()))
    return "\n".join([head, *blocks]) + "\n" if blocks else ""
