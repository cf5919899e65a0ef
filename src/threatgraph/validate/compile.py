"""Turns checks into SPARQL queries that find the nodes which may break them.

A query may name too many nodes, since pyshacl judges each of them; it must never miss one. So a literal counts as well
formed only where a strict pattern says so, two literals are compared only where Oxigraph and rdflib surely order them
alike, an expression that fails counts as broken, and what has no SPARQL form here names all nodes of the target.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pyoxigraph import Literal, NamedNode

from threatgraph.store import Store
from threatgraph.store.tokens import tokens
from threatgraph.validate.shapes import SH, Check, ShapeGraph, Target, Term, first, members, nodes, parameters
from threatgraph.vocab import PREFIXES, XSD

_DAY = r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
#: Lexical forms that are surely valid; the rare ones (29 February, time zones) are left to the referee.
_WELL_FORMED = {
    f"{XSD}string": "",
    f"{PREFIXES['rdf']}langString": "",
    f"{XSD}integer": r"^[+-]?[0-9]+$",
    f"{XSD}decimal": r"^[+-]?[0-9]+(\.[0-9]+)?$",
    f"{XSD}boolean": r"^(true|false)$",
    f"{XSD}date": rf"^[1-9][0-9]{{3}}-{_DAY}$",
    f"{XSD}gYearMonth": r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$",
    f"{XSD}gYear": r"^[1-9][0-9]{3}$",
}
_NODE_KINDS = {
    "IRI": "isIRI(?value)",
    "Literal": "isLiteral(?value)",
    "BlankNode": "isBlank(?value)",
    "BlankNodeOrIRI": "!isLiteral(?value)",
    "BlankNodeOrLiteral": "!isIRI(?value)",
    "IRIOrLiteral": "!isBlank(?value)",
}
_EXACT = frozenset({f"{XSD}integer", f"{XSD}decimal"})
#: What the regular expressions of Oxigraph and of Python read in two ways: look-around, sets in sets, possessive
#: repetition, and escapes other than those of punctuation and of classes that are the same in ASCII.
_TWO_READINGS = re.compile(r"\\[^\W_dDwWsStnr]|\(\?(?!:)|&&|--|~~|\[[^\]]*\[|[*+?}]\+|\{,|\\[<>]")
#: The characters for which they agree on case and on the classes of characters.
_PLAIN = Literal("^[\t\n\r -~]*$")
#: Words of a constraint whose meaning changes where ``$this`` is joined in, not bound before (SHACL, section 5.3.1).
_BINDING_MATTERS = {"UNION", "MINUS", "VALUES", "SERVICE", "BIND", "GROUP", "HAVING", "LIMIT", "OFFSET", "GRAPH"}
#: The other variables that a SHACL processor binds.
_PREBOUND = re.compile(r"[$?](PATH|shapesGraph|currentShape)\b")

Subclasses = Mapping[str, Sequence[str]]
ValueTest = Callable[["Compiler", Sequence[Term]], str | None]


#: Each class below another; in two steps, since some engines do not begin a path of any length at any node.
_BELOW = "SELECT ?class ?below WHERE { ?below rdfs:subClassOf ?next . ?next rdfs:subClassOf* ?class }"


class Compiler:
    """Compiles the checks of one shapes graph against the class tree of one store.

    Args:
        graph: the shapes graph.
        store: where classes and their subclasses are declared.
    """

    def __init__(self, graph: ShapeGraph, store: Store) -> None:
        self._graph = graph
        rows = store.select(
            "SELECT ?class ?below WHERE { ?below rdfs:subClassOf ?next . ?next rdfs:subClassOf* ?class }"
        ).rows
        self._below: dict[str, list[str]] = {}
        for top, below in rows:
            self._below.setdefault(str(top), []).append(str(below))

    def query(self, check: Check) -> str | None:
        """The SPARQL query for the candidates of a check; ``None`` where the check has no SPARQL form here."""
        scope = self.scope(check.target)
        if check.constraint is not None:
            return self._constraint(check.constraint, scope)
        blocks = list(self._blocks(check, scope))
        if not check.readable or None in blocks:
            return None
        union = " UNION ".join(f"{{ {block} }}" for block in blocks)
        return f"SELECT DISTINCT ?this WHERE {{ {union} }}"

    def scope(self, target: Target) -> str:
        """The graph pattern of the nodes that a target names (SHACL, section 2.1.3)."""
        if target.kind == "targetClass":
            return self._instance_of("?this", target.term)
        if target.kind == "targetNode":
            return f"VALUES ?this {{ {target.term} }}"
        return f"?this {target.term} []" if target.kind == "targetSubjectsOf" else f"[] {target.term} ?this"

    def _instance_of(self, variable: str, cls: Term) -> str:
        below = self._below.get(str(cls))
        if not below:
            return f"{variable} a {cls}"
        return f"VALUES {variable}Kind {{ {cls} {' '.join(sorted(below))} }} {variable} a {variable}Kind"

    def _blocks(self, check: Check, scope: str) -> Iterator[str | None]:
        """For each parameter, or group of them, the pattern of the nodes that may break it."""
        tests: list[str | None] = []
        step = _step(check)
        for name, values in check.parameters.items():
            if name in ("flags", "ignoredProperties"):
                continue  # read together with the parameter that they belong to
            if name == "minCount" and check.path:
                yield _too_few(scope, step, _number(values))
            elif name == "maxCount" and check.path:
                yield _too_many(scope, step, _number(values))
            elif name == "uniqueLang" and check.path:
                yield _repeated_language(scope, check)
            elif name == "hasValue" and check.path:
                yield from (f"{scope} FILTER NOT EXISTS {{ {_step(check, str(value))} }}" for value in values)
            elif name == "closed" and not check.path:
                yield self._unknown_property(check, scope, values)
            else:
                tests.append(self._test(name, values, check.parameters))
        if tests:
            yield (
                None if None in tests else f"{scope} . {step} FILTER(!COALESCE({' && '.join(map(str, tests))}, false))"
            )

    def _test(self, name: str, values: Sequence[Term], beside: Mapping[str, Sequence[Term]]) -> str | None:
        """An expression over ``?value`` that is true where the value surely meets the parameter."""
        if name == "pattern":
            return _pattern(values, next(iter(beside.get("flags", ())), None))
        test = _TESTS.get(name)
        return test(self, values) if test else None

    def _class(self, values: Sequence[Term]) -> str:
        return " && ".join(f"EXISTS {{ {self._instance_of('?value', cls)} }}" for cls in values)

    def _datatype(self, values: Sequence[Term]) -> str | None:
        datatype = values[0]
        form = _WELL_FORMED.get(datatype.value) if isinstance(datatype, NamedNode) else None
        if form is None:
            return None
        lexical = f" && REGEX(STR(?value), {Literal(form)})" if form else ""
        return f"(isLiteral(?value) && DATATYPE(?value) = {datatype}{lexical})"

    def _node_kind(self, values: Sequence[Term]) -> str | None:
        return _NODE_KINDS.get(str(values[0]).strip("<>").removeprefix(SH))

    def _in(self, values: Sequence[Term]) -> str:
        return _any(f"sameTerm(?value, {member})" for member in members(self._graph, values[0]))

    def _language_in(self, values: Sequence[Term]) -> str:
        # Of a tag with a region, pyshacl takes the very same only.
        return _any(
            f"LCASE(LANG(?value)) = LCASE({member})" if "-" in member.value else f"LANGMATCHES(LANG(?value), {member})"
            for member in members(self._graph, values[0])
        )

    def _or(self, values: Sequence[Term]) -> str | None:
        clauses = []
        for head in values:
            for member in members(self._graph, head):
                inner = parameters(self._graph, member)
                if any(first(self._graph, member, name) for name in ("path", "property", "sparql")):
                    return None
                tests = [self._test(name, v, inner) for name, v in inner.items() if name != "flags"]
                if not tests or None in tests:
                    return None
                clauses.append(f"COALESCE({' && '.join(map(str, tests))}, false)")
        return _any(clauses) if len(values) == 1 and clauses else None

    def _unknown_property(self, check: Check, scope: str, values: Sequence[Term]) -> str:
        if str(values[0]) == str(Literal(False)):
            return f"{scope} FILTER(false)"
        known = [m for head in check.parameters.get("ignoredProperties", ()) for m in members(self._graph, head)]
        for member in nodes(self._graph, check.shape, "property"):
            path = first(self._graph, member, "path")
            known += [path] if isinstance(path, NamedNode) else []
        return f"{scope} . ?this ?property [] FILTER(?property NOT IN ({', '.join(map(str, known))}))"

    def _constraint(self, constraint: Term, scope: str) -> str | None:
        """The text of a SPARQL constraint, with its nodes joined in at the head of its group."""
        select = first(self._graph, constraint, "select")
        if not isinstance(select, Literal):
            return None
        text = select.value
        words = [word for word, _ in tokens(text)]
        if words.count("SELECT") != 1 or _BINDING_MATTERS & set(words) or _PREBOUND.search(text):
            return None
        select_at = next(at for word, at in tokens(text) if word == "SELECT")
        where = next((at for word, at in tokens(text) if word == "WHERE"), select_at)
        brace = next((at for word, at in tokens(text) if word == "{" and at >= where), None)
        if brace is None or not _joins(word for word, at in tokens(text) if at >= brace and not word.isspace()):
            return None
        prologue = self._prefixes(constraint) + text[:select_at]
        return f"{prologue}SELECT DISTINCT ?this WHERE {{ {scope} . {text[brace + 1 :]}"

    def _prefixes(self, constraint: Term) -> str:
        lines = []
        for holder in nodes(self._graph, constraint, "prefixes"):
            for declaration in nodes(self._graph, holder, "declare"):
                prefix, space = (first(self._graph, declaration, name) for name in ("prefix", "namespace"))
                if isinstance(prefix, Literal) and space is not None:
                    lines.append(f"PREFIX {prefix.value}: <{space.value}>\n")
        return "".join(lines)


def _any(tests: Iterable[str]) -> str:
    return f"({' || '.join(tests) or 'false'})"


def _joins(words: Iterable[str]) -> bool:
    """Whether each group of a constraint sees what is joined in at its head.

    A group of an ``EXISTS`` does, and one of an ``OPTIONAL``, but not one of an ``OPTIONAL`` in another, nor one that
    stands for itself (SPARQL 1.1, section 18.2.2).
    """
    before, around = "EXISTS", [""]
    for word in words:
        if word == "{":
            if before != "EXISTS" and (before != "OPTIONAL" or around[-1] == "OPTIONAL"):
                return False
            around.append(before)
        elif word == "}":
            around.pop()
        before = word
    return True


def _pattern(patterns: Sequence[Term], flags: Term | None) -> str | None:
    """The test of ``sh:pattern`` (SHACL, section 4.4.3); ``None`` where Oxigraph and Python may read it in two ways."""
    if any(_TWO_READINGS.search(pattern.value) for pattern in patterns) or (flags and set(flags.value) - {"i"}):
        return None
    tests = [f"REGEX(STR(?value), {pattern}{f', {flags}' if flags else ''})" for pattern in patterns]
    if flags or any("\\" in pattern.value for pattern in patterns):
        tests.append(f"REGEX(STR(?value), {_PLAIN})")
    return f"(!isBlank(?value) && {' && '.join(tests)})"


def _compares(operator: str) -> ValueTest:
    """The test of a limit (SHACL, section 4.3), for exact numbers and for days without time zone alone."""

    def test(_: Compiler, values: Sequence[Term]) -> str | None:
        limit = values[0]
        kind = limit.datatype.value if isinstance(limit, Literal) else ""
        if kind in _EXACT:
            kinds = ", ".join(f"<{name}>" for name in sorted(_EXACT))
            return f"(DATATYPE(?value) IN ({kinds}) && ?value {operator} {limit})"
        if kind == f"{XSD}date" and re.search(_WELL_FORMED[kind], limit.value):
            form = Literal(_WELL_FORMED[kind])
            return f"(DATATYPE(?value) = <{kind}> && REGEX(STR(?value), {form}) && ?value {operator} {limit})"
        return None

    return test


def _length(operator: str) -> ValueTest:
    return lambda _, values: f"(!isBlank(?value) && STRLEN(STR(?value)) {operator} {values[0]})"


_TESTS: dict[str, ValueTest] = {
    "class": Compiler._class,
    "datatype": Compiler._datatype,
    "nodeKind": Compiler._node_kind,
    "in": Compiler._in,
    "languageIn": Compiler._language_in,
    "or": Compiler._or,
    "minInclusive": _compares(">="),
    "maxInclusive": _compares("<="),
    "minExclusive": _compares(">"),
    "maxExclusive": _compares("<"),
    "minLength": _length(">="),
    "maxLength": _length("<="),
}


def _step(check: Check, value: str = "?value") -> str:
    """From the node to its values: along the path, or nowhere."""
    if check.path is None:
        return f"BIND(?this AS {value})"
    iri, inverse = check.path
    return f"{value} <{iri}> ?this ." if inverse else f"?this <{iri}> {value} ."


def _number(values: Sequence[Term]) -> int:
    return int(values[0].value)


def _too_few(scope: str, step: str, least: int) -> str:
    if least <= 1:
        return f"{scope} FILTER NOT EXISTS {{ {step} }}" if least else f"{scope} FILTER(false)"
    inner = f"SELECT ?this (COUNT(DISTINCT ?value) AS ?count) WHERE {{ {scope} OPTIONAL {{ {step} }} }} GROUP BY ?this"
    return f"{{ {inner} }} FILTER(?count < {least})"


def _too_many(scope: str, step: str, most: int) -> str:
    inner = f"SELECT ?this (COUNT(DISTINCT ?value) AS ?count) WHERE {{ {scope} . {step} }} GROUP BY ?this"
    return f"{{ {inner} }} FILTER(?count > {most})"


def _repeated_language(scope: str, check: Check) -> str:
    pair = f"{_step(check)} {_step(check, '?other')}"
    same = "LCASE(LANG(?value)) = LCASE(LANG(?other)) && LANG(?value) != ''"
    return f"{scope} . {pair} FILTER(!sameTerm(?value, ?other) && {same})"
