"""Kinds of plausible mistakes that concern whole records: names, files, texts of other records, parts and scales."""

from __future__ import annotations

from pyoxigraph import NamedNode, Triple

from mutant_kinds import (
    CONCEPTS,
    INCIDENT,
    KINDS,
    LABEL,
    PARTS,
    PATTERN,
    RECORDS,
    SCALES,
    drop,
    link,
    put,
    special,
    text,
    typed,
)
from mutants import Chance, Mutant, World, iri, record_of
from threatgraph.vocab import BASE, RDF_TYPE

TYPE = NamedNode(RDF_TYPE)


@special("count over the whole")
def _(world: World, chance: Chance) -> Mutant:
    nodes = [node for node in world.with_property(["SourceFigure"], "tg:total") if world.values(node, "tg:count")]
    node, prop = NamedNode(chance.choice(nodes)), iri("tg:count")
    count, whole = world.values(node.value, "tg:count")[0], world.values(node.value, "tg:total")[0]
    more = typed(str(int(whole.value) + 1), "integer")
    return world.mutant("count over the whole", node.value, [Triple(node, prop, count)], [Triple(node, prop, more)])


def _renamed(kind: str, change: str) -> None:
    """Register a kind that gives a record another IRI, in its own file alone."""

    def make(world: World, chance: Chance) -> Mutant:
        old = chance.choice([iri for name in RECORDS[:5] for iri in world.of_class[name]])
        space, _, slug = old.rpartition("/")
        new = change.format(
            space=space, slug=slug, upper=slug.upper(), typo=slug[:2] + slug[3:4] + slug[2:3] + slug[4:]
        )
        if new == old:
            new = f"{old}-x"

        def name(term: object) -> object:
            if isinstance(term, NamedNode) and record_of(term.value) == old:
                return NamedNode(new + term.value.removeprefix(old))
            return term

        before = [t for node in world.about if record_of(node) == old for t in world.about[node]]
        after = [Triple(name(t.subject), t.predicate, name(t.object)) for t in before]  # type: ignore[arg-type]
        return world.mutant(kind, old, before, after, world.linking[old])

    KINDS[kind] = make


_renamed("IRI in capitals", "{space}/{upper}")
_renamed("IRI with a trailing slash", "{space}/{slug}/")
_renamed("IRI by http", f"http{BASE.removeprefix('https')}{{slug}}")
_renamed("IRI in percent encoding", "{space}/{slug}%20x")
_renamed("IRI misspelt", "{space}/{typo}")
_renamed("IRI of another kind", f"{BASE}asset/{{slug}}")
_renamed("IRI with an underscore", "{space}/{slug}_x")


@special("statement about a misspelt subject")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class["ThreatPattern"])
    triple = chance.choice([t for t in world.about[node] if t.predicate != TYPE])
    moved = Triple(NamedNode(f"{node}s"), triple.predicate, triple.object)
    return world.mutant("statement about a misspelt subject", node, [], [moved], [f"{node}s"])


@special("statement about the record of another file")
def _(world: World, chance: Chance) -> Mutant:
    one, other = chance.sample([iri for name in RECORDS[:4] for iri in world.of_class[name]], 2)
    added = Triple(NamedNode(other), iri("skos:editorialNote"), text("A note from the file of another record."))
    return world.mutant("statement about the record of another file", one, [], [added], [other])


@special("record that two files define")
def _(world: World, chance: Chance) -> Mutant:
    one, other = chance.sample(world.of_class["Actor"], 2)
    return world.mutant("record that two files define", one, [], world.about[other], [other])


def _copied(kind: str, prop: str, classes: tuple[str, ...]) -> None:
    """Register a kind that gives a record the text of another one of its class."""

    def make(world: World, chance: Chance) -> Mutant | None:
        name = chance.choice(classes)
        one, other = chance.sample(world.with_property([name], prop), 2)
        new, old = world.values(other, prop)[0], world.values(one, prop)[0]
        if new == old:
            return None
        subject, predicate = NamedNode(one), iri(prop)
        return world.mutant(kind, one, [Triple(subject, predicate, old)], [Triple(subject, predicate, new)], [other])

    KINDS[kind] = make


_copied("label of another record", LABEL, RECORDS)
_copied("definition of another record", "skos:definition", ("ThreatPattern", "CausalFactor"))
_copied("description of another incident", "dcterms:description", INCIDENT)


@special("alternative label of another record")
def _(world: World, chance: Chance) -> Mutant:
    one, other = chance.sample(world.of_class["Actor"], 2)
    label = text(world.values(other, LABEL)[0].value.lower())
    return world.mutant(
        "alternative label of another record", one, [], [Triple(NamedNode(one), iri("skos:altLabel"), label)], [other]
    )


@special("alternative label that is the label")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class[chance.choice(RECORDS)])
    label = text(world.values(node, LABEL)[0].value.upper())
    return world.mutant(
        "alternative label that is the label", node, [], [Triple(NamedNode(node), iri("skos:altLabel"), label)]
    )


@special("label and definition swapped")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class["ThreatPattern"])
    changed = {LABEL: "skos:definition", "skos:definition": LABEL}
    old = [Triple(NamedNode(node), iri(prop), world.values(node, prop)[0]) for prop in changed]
    new = [Triple(NamedNode(node), iri(to), world.values(node, prop)[0]) for prop, to in changed.items()]
    return world.mutant("label and definition swapped", node, old, new)


def _same(kind: str, prop: str, other: str, classes: tuple[str, ...]) -> None:
    """Register a kind that gives a property the text of another one of the record."""

    def make(world: World, chance: Chance) -> Mutant:
        node = chance.choice([n for n in world.with_property(classes, prop) if world.values(n, other)])
        old, new = world.values(node, prop)[0], world.values(node, other)[0]
        subject, predicate = NamedNode(node), iri(prop)
        return world.mutant(kind, node, [Triple(subject, predicate, old)], [Triple(subject, predicate, new)])

    KINDS[kind] = make


_same("definition that is the label", "skos:definition", LABEL, CONCEPTS)
_same("abstract that is the definition", "dcterms:abstract", "skos:definition", PATTERN)
_same("reason that is another reason", "tg:severityRationale", "tg:likelihoodTrendRationale", PATTERN)
_same("description that is the label", "dcterms:description", LABEL, INCIDENT)


@special("two mappings to one provision")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class["FrameworkMapping"])
    second = f"{node}-two"
    copied = [Triple(NamedNode(second), t.predicate, t.object) for t in world.about[node]]
    named = Triple(NamedNode(record_of(node)), iri("tg:mapping"), NamedNode(second))
    return world.mutant("two mappings to one provision", node, [], [*copied, named])


@special("part that no record names")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice([node for name in PARTS for node in world.of_class[name]])
    naming = [t for t in world.about[record_of(node)] if t.object == NamedNode(node)]
    return world.mutant("part that no record names", node, naming)


@special("part of another record")
def _(world: World, chance: Chance) -> Mutant:
    node = chance.choice(world.of_class["Mechanism"])
    other = chance.choice([iri for iri in world.of_class["ThreatPattern"] if iri != record_of(node)])
    named = Triple(NamedNode(other), iri("tg:mechanism"), NamedNode(node))
    return world.mutant("part of another record", other, [], [named], [record_of(node)])


@special("two primary patterns")
def _(world: World, chance: Chance) -> Mutant:
    role, primary = iri("tg:patternRole"), NamedNode(f"{BASE}pattern-role/primary")
    secondary = NamedNode(f"{BASE}pattern-role/secondary")
    nodes = [node for node in world.of_class["PatternLink"] if secondary in world.values(node, "tg:patternRole")]
    node = NamedNode(chance.choice(nodes))
    return world.mutant(
        "two primary patterns", node.value, [Triple(node, role, secondary)], [Triple(node, role, primary)]
    )


@special("no primary pattern")
def _(world: World, chance: Chance) -> Mutant:
    role, primary = iri("tg:patternRole"), NamedNode(f"{BASE}pattern-role/primary")
    nodes = [node for node in world.of_class["PatternLink"] if primary in world.values(node, "tg:patternRole")]
    node = NamedNode(chance.choice(nodes))
    secondary = NamedNode(f"{BASE}pattern-role/secondary")
    return world.mutant(
        "no primary pattern", node.value, [Triple(node, role, primary)], [Triple(node, role, secondary)]
    )


@special("ranks of two concepts swapped")
def _(world: World, chance: Chance) -> Mutant:
    one, other = chance.sample(world.of_class[chance.choice(SCALES)], 2)
    rank = iri("tg:rank")
    old = {node: world.values(node, "tg:rank")[0] for node in (one, other)}
    gone = [Triple(NamedNode(node), rank, value) for node, value in old.items()]
    new = [Triple(NamedNode(one), rank, old[other]), Triple(NamedNode(other), rank, old[one])]
    return world.mutant("ranks of two concepts swapped", one, gone, new, [other])


# What no rule can find: see the table in test_mutants.py.
put("another severity", INCIDENT, "tg:severity", *(NamedNode(f"{BASE}severity/{name}") for name in ("low", "high")))
drop("optional note lost", RECORDS, "skos:editorialNote")
link("another actor", INCIDENT, "tg:deployer", "Actor")


@special("positions of two parts swapped")
def _(world: World, chance: Chance) -> Mutant | None:
    record = chance.choice(world.of_class["ThreatPattern"])
    parts = [value.value for value in world.values(record, "tg:mechanism")]
    one, other = chance.sample(parts, 2)
    place = iri("tg:position")
    old = {node: world.values(node, "tg:position")[0] for node in (one, other)}
    gone = [Triple(NamedNode(node), place, value) for node, value in old.items()]
    new = [Triple(NamedNode(one), place, old[other]), Triple(NamedNode(other), place, old[one])]
    return world.mutant("positions of two parts swapped", record, gone, new)
