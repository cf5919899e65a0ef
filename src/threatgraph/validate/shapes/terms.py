"""The terms of the SHACL namespace, grouped by specification and by whether they are evaluated."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Parameters of the core constraint components (SHACL 1.0, section 4).
CORE_PARAMETERS = _names("""
    class datatype nodeKind minCount maxCount minExclusive minInclusive maxExclusive maxInclusive minLength maxLength
    pattern flags languageIn uniqueLang equals disjoint lessThan lessThanOrEquals not and or xone node property
    qualifiedValueShape qualifiedMinCount qualifiedMaxCount qualifiedValueShapesDisjoint closed ignoredProperties
    hasValue in
""")
TARGETS = ("targetClass", "targetSubjectsOf", "targetObjectsOf", "targetNode")
#: Properties of a shape other than constraints and targets (sections 2.1 and 2.3.2); ``sparql`` is from section 5.
SHAPE_PROPERTIES = _names("path sparql message severity name description order group defaultValue deactivated")
PATHS = _names("inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath")
#: Properties of SPARQL constraints and components (sections 5 and 6).
SPARQL = _names("""
    prefixes declare prefix namespace select ask parameter optional labelTemplate validator nodeValidator
    propertyValidator resultAnnotation annotationProperty annotationValue annotationVarName
""")
#: Properties of reports and of whole graphs.
REPORTS = _names("""
    conforms result shapesGraphWellFormed detail focusNode resultMessage resultPath resultSeverity sourceConstraint
    sourceConstraintComponent sourceShape value shapesGraph suggestedShapesGraph
""")
NODE_KINDS = _names("BlankNode IRI Literal BlankNodeOrIRI BlankNodeOrLiteral IRIOrLiteral")
SEVERITIES = _names("Violation Warning Info")

#: Properties of SHACL Advanced Features that pyshacl evaluates in its advanced mode; the first three apply to shapes.
ADVANCED_TRIGGERS = _names("target rule expression")
ADVANCED = ADVANCED_TRIGGERS | _names("""
    condition subject predicate object construct filterShape nodes intersection union returnType
""")
#: Node expressions and property value rules of the drafts of SHACL-AF, which pyshacl does not evaluate.
ADVANCED_UNSUPPORTED = _names("""
    values update if then else exists count distinct min max sum minus groupConcat separator orderBy desc limit offset
""")
JAVASCRIPT_TRIGGERS = _names("js")
JAVASCRIPT = JAVASCRIPT_TRIGGERS | _names("jsFunctionName jsLibrary jsLibraryURL")
#: Properties of SHACL 1.2 that add a constraint or a target to a shape.
NEWER_TRIGGERS = _names("""
    targetWhere shape memberShape minListLength maxListLength uniqueMembers reifierShape reificationRequired rootClass
    singleLine someValue subsetOf uniqueValuesFor nodeByExpression hasRule ruleProcessor
""")
NEWER = NEWER_TRIGGERS | _names("""
    conformsToShapesGraph conformanceDisallows usedShapesGraph usedDataGraph usedConfiguration incomplete
    incompleteURIStart keyParameter bodyExpression describe sparqlExpr agentInstruction codeIdentifier formalized intent
    unit expectedPredicate layer runOnce includesRuleSet sourceRule tempTriple
""")
PROPERTIES = (CORE_PARAMETERS | frozenset(TARGETS) | SHAPE_PROPERTIES | PATHS | SPARQL | REPORTS | {"entailment"}) | (
    ADVANCED | ADVANCED_UNSUPPORTED | JAVASCRIPT | NEWER
)

_COMPONENTS = _names("""
    And Class Closed Datatype Disjoint Equals HasValue In LanguageIn LessThan LessThanOrEquals MaxCount MaxExclusive
    MaxInclusive MaxLength MinCount MinExclusive MinInclusive MinLength Node NodeKind Not Or Pattern Property
    QualifiedMaxCount QualifiedMinCount SPARQL UniqueLang Xone Expression JS
    MemberShape MinListLength MaxListLength UniqueMembers ReifierShape RootClass SingleLine SomeValue SubsetOf
    UniqueValuesFor NodeByExpression
""")
#: Classes and individuals of SHACL 1.2.
NEWER_NAMES = _names("""
    ShapeClass TripleTerm Graph DataGraph ShapesGraph RulesGraph ProcessorConfiguration Trace Debug
    NodeExpressionFunction NamedParameterExpressionFunction ListParameterExpressionFunction NodeExpression
    NamedParameterExpression ListParameterExpression SPARQLDescribeExecutable SelectExpression SPARQLExprExpression
    RulesEntailment RuleSet SPARQLRuleTemplate
""")
#: Those of them that change constraints or targets.
NEWER_NAME_TRIGGERS = _names("ShapeClass TripleTerm")
CLASSES = (
    _names("""
    Shape NodeShape PropertyShape PropertyGroup NodeKind Severity ValidationReport ValidationResult AbstractResult
    ConstraintComponent Parameter Parameterizable Validator PrefixDeclaration ResultAnnotation SPARQLConstraint
    SPARQLAskValidator SPARQLSelectValidator SPARQLExecutable SPARQLAskExecutable SPARQLSelectExecutable
    SPARQLConstructExecutable SPARQLUpdateExecutable
    Target TargetType SPARQLTarget SPARQLTargetType Function SPARQLFunction Rule Rules TripleRule SPARQLRule this
    JSExecutable JSConstraint JSFunction JSLibrary JSRule JSTarget JSTargetType JSValidator
""")
    | frozenset(f"{name}ConstraintComponent" for name in _COMPONENTS)
    | NODE_KINDS
    | SEVERITIES
    | NEWER_NAMES
)


def is_term(name: str) -> bool:
    """Whether a local name is defined in the SHACL namespace, by SHACL 1.0, SHACL-AF, SHACL-JS or SHACL 1.2."""
    component, dash, parameter = name.partition("-")  # the name of a parameter in the SHACL vocabulary
    if dash:
        return component in CLASSES and parameter in PROPERTIES
    return name in PROPERTIES or name in CLASSES or not name


@cache
def unknown_term(name: str, *, is_property: bool) -> str:
    """The message about a local name that SHACL does not define, with the most similar term."""
    found = _nearest(name, PROPERTIES if is_property else CLASSES) or _nearest(name, PROPERTIES | CLASSES)
    kind = "term" if not is_term(name) else "property" if is_property else "class"
    return f"sh:{name} is not a SHACL {kind}{f'; did you mean sh:{found}?' if found else '.'}"


def _nearest(name: str, known: Iterable[str]) -> str | None:
    by_lower = {term.lower(): term for term in sorted(known) if term != name}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[near[0]] if near else None
