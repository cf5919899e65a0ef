// What the editor suggests: prefixes, classes, properties of the class of the subject, and records by their labels.
import type { Completion, CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import type { Engine } from "./engine";
import { inQuery, type Terms } from "./terms";

const WORD = /[\p{L}\p{N}_-]*:?[\p{L}\p{N}_.-]*$/u;
const KEYWORDS =
  "SELECT ASK CONSTRUCT DESCRIBE WHERE DISTINCT OPTIONAL FILTER UNION MINUS BIND VALUES GRAPH FROM PREFIX LIMIT OFFSET " +
  "ORDER BY GROUP HAVING ASC DESC EXISTS NOT COUNT SUM AVG MIN MAX SAMPLE GROUP_CONCAT REGEX CONTAINS STRSTARTS LANG " +
  "STR LCASE UCASE YEAR BOUND COALESCE IF";
const SHORTEST = 3; // letters of a label before records are searched
const TOKEN = /<[^<>\s]*>|"""[^]*?"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#[^\n]*|[^\s<>"'#{}.;,()]+(?:\.[^\s<>"'#{}.;,()]+)*|[^\s]/g;

export type Role = "subject" | "predicate" | "object";

export interface Place {
  role: Role;
  subject: string;
  predicate: string;
}

/** What the word after a text is in its statement. */
export function placeOf(before: string): Place {
  const tokens = (before.match(TOKEN) ?? []).filter((token) => !token.startsWith("#"));
  let statement: string[] = [];
  for (const token of tokens) {
    if (token === "." || token === "{" || token === "}") statement = [];
    else statement.push(token);
  }
  const subject = statement[0] ?? "";
  const end = statement.lastIndexOf(";");
  const [predicate, ...objects] = end < 0 ? statement.slice(1) : statement.slice(end + 1);
  if (!subject) return { role: "subject", subject: "", predicate: "" };
  if (!predicate) return { role: "predicate", subject, predicate: "" };
  const isNext = objects.length > 0 && objects[objects.length - 1] !== ",";
  return { role: isNext ? "subject" : "object", subject, predicate };
}

/** The classes that a query states for a subject. */
export function classesOf(subject: string, query: string): string[] {
  if (!subject) return [];
  const name = subject.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const stated = new RegExp(`${name}(?![\\w-])[^.{}]*?(?:\\sa|;\\s*a|rdf:type)\\s+([\\w-]+:[\\w-]+)`, "g");
  return [...query.matchAll(stated)].map((found) => found[1]!);
}

export function completions(terms: () => Terms, engine: Engine): CompletionSource[] {
  return [(context) => suggestTerms(context, terms()), (context) => suggestRecords(context, terms(), engine)];
}

function wordBefore(context: CompletionContext): { from: number; text: string } | undefined {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  if (/^(?:[^"'<#]|"[^"]*"|'[^']*'|<[^>]*>)*["'#]/.test(before) && !context.explicit) return undefined;
  const text = WORD.exec(before)?.[0] ?? "";
  if (/[?$@\\]$/.test(before.slice(0, before.length - text.length))) return undefined;
  return { from: context.pos - text.length, text };
}

function suggestTerms(context: CompletionContext, terms: Terms): CompletionResult | null {
  const word = wordBefore(context);
  if (!word || (!word.text && !context.explicit)) return null;
  const text = context.state.sliceDoc(0);
  const place = placeOf(text.slice(0, word.from));
  const isType = place.role === "object" && (place.predicate === "a" || place.predicate === "rdf:type");
  const classes = classesOf(place.subject, text);
  const options: Completion[] = [];
  if (place.role === "object") {
    for (const one of terms.classes) options.push({ ...term(one, "class"), boost: isType ? 20 : 0 });
  }
  if (place.role === "predicate") {
    options.push({ label: "a", type: "property", detail: "is of the class", boost: 5 });
    for (const one of terms.properties) {
      const values = classes.map((name) => one.classes[name]).find((value) => value !== undefined);
      const fits = values !== undefined;
      if (classes.length && !fits && Object.keys(one.classes).length) continue; // a property of other classes
      options.push({ ...term(one, "property"), ...(values && { detail: values }), boost: fits ? 20 : 0 });
    }
  }
  if (!word.text.includes(":")) {
    for (const [name, namespace] of Object.entries(terms.prefixes)) {
      options.push({ label: `${name}:`, type: "namespace", detail: namespace, boost: -10 });
    }
    for (const name of KEYWORDS.split(" ")) options.push({ label: name, type: "keyword", boost: -20 });
  }
  const fitting = options.filter((one) => fits(one, word.text));
  const rank = (one: Completion) => (one.boost ?? 0) + (begins(one, word.text) ? 10 : 0);
  fitting.sort((one, other) => rank(other) - rank(one));
  return { from: word.from, options: fitting, filter: false };
}

function term(one: { name: string; label: string; comment: string }, type: string): Completion {
  return { label: one.name, type, detail: one.label, ...(one.comment && { info: one.comment }) };
}

// A word fits the beginning of a name, with or without its prefix, and that of a word in the label.
function fits(option: Completion, text: string): boolean {
  if (begins(option, text)) return true;
  if (option.type !== "class" && option.type !== "property") return false;
  const wanted = text.toLowerCase();
  return wanted.length > 1 && (option.detail ?? "").toLowerCase().split(/\s+/).some((one) => one.startsWith(wanted));
}

function begins(option: Completion, text: string): boolean {
  const wanted = text.toLowerCase();
  const name = option.label.toLowerCase();
  return name.startsWith(wanted) || name.slice(name.indexOf(":") + 1).startsWith(wanted);
}

async function suggestRecords(
  context: CompletionContext,
  terms: Terms,
  engine: Engine,
): Promise<CompletionResult | null> {
  const word = wordBefore(context);
  if (!word) return null;
  const [prefix, local] = word.text.includes(":") ? (word.text.split(":", 2) as [string, string]) : ["", word.text];
  const place = placeOf(context.state.sliceDoc(0, word.from));
  const isType = place.predicate === "a" || place.predicate === "rdf:type";
  if (place.role === "predicate" || isType || local.length < SHORTEST) return null;
  const namespace = terms.prefixes[prefix];
  if (prefix && !namespace) return null;
  const kind = terms.classes.some((one) => one.kind === prefix) ? prefix : kindOfValues(terms, place.predicate);
  const found = await searchUnlessGone(context, engine, local.replaceAll("-", " "), kind);
  const options = found
    .filter((one) => !namespace || one.iri.startsWith(namespace))
    .map((one) => ({
      label: one.label,
      apply: inQuery(one.iri, terms.prefixes),
      detail: [one.code, one.kind].filter(Boolean).join(" · "),
      type: "record",
    }));
  return options.length ? { from: word.from, options, filter: false } : null;
}

// The only kind of the values of a property.
function kindOfValues(terms: Terms, predicate: string): string {
  const values = new Set(Object.values(terms.properties.find((one) => one.name === predicate)?.classes ?? {}));
  const kinds = terms.classes.filter((one) => one.kind && values.has(one.name)).map((one) => one.kind);
  return values.size === 1 ? (kinds[0] ?? "") : "";
}

async function searchUnlessGone(context: CompletionContext, engine: Engine, text: string, kind: string) {
  const gone = new AbortController();
  context.addEventListener("abort", () => gone.abort(), { onDocChange: true });
  try {
    return await engine.search(text, kind, gone.signal);
  } catch {
    return []; // suggestions are a help that may be absent
  }
}
