// The answer to a query, as the page shows it.
export interface Term {
  type: "iri" | "literal" | "blank";
  value: string;
  language?: string;
  datatype?: string;
}

export type Row = (Term | undefined)[];

export type Answer =
  | { kind: "boolean"; value: boolean; text: string }
  | { kind: "rows"; columns: string[]; rows: Row[]; text: string }
  | { kind: "triples"; rows: Row[]; text: string };

export const TRIPLE = ["subject", "predicate", "object"];

interface JsonTerm {
  type: string;
  value: unknown;
  "xml:lang"?: string;
  datatype?: string;
}

interface Json {
  head?: { vars?: string[] };
  boolean?: boolean;
  results?: { bindings: Record<string, JsonTerm>[] };
}

/** Read SPARQL Query Results JSON. */
export function readJson(text: string): Answer {
  const content = JSON.parse(text) as Json;
  if (content.boolean !== undefined) return { kind: "boolean", value: content.boolean, text };
  const columns = content.head?.vars ?? [];
  const rows = (content.results?.bindings ?? []).map((row) => columns.map((name) => readTerm(row[name])));
  return { kind: "rows", columns, rows, text };
}

function readTerm(term: JsonTerm | undefined): Term | undefined {
  if (!term) return undefined;
  if (typeof term.value !== "string") return { type: "literal", value: tripleTerm(term) };
  if (term.type === "uri") return { type: "iri", value: term.value };
  if (term.type === "bnode") return { type: "blank", value: term.value };
  const found: Term = { type: "literal", value: term.value };
  if (term["xml:lang"]) found.language = term["xml:lang"];
  if (term.datatype) found.datatype = term.datatype;
  return found;
}

function tripleTerm(term: JsonTerm): string {
  const parts = term.value as Record<string, JsonTerm>;
  const shown = TRIPLE.map((name) => readTerm(parts[name])?.value ?? "");
  return `<<( ${shown.join(" ")} )>>`;
}

const IRI = /<([^<>]*)>/y;
const BLANK = /_:([^\s<"]+)/y;
const LITERAL = /"((?:[^"\\]|\\.)*)"(?:@([A-Za-z0-9-]+)|\^\^<([^<>]*)>)?/y;
const NESTED = /<<\(.*\)>>/y;
const ESCAPES: Record<string, string> = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f" };

/** Read N-Triples, as Oxigraph writes them. */
export function readTriples(text: string): Answer {
  const rows: Row[] = [];
  for (const line of text.split("\n")) {
    if (!line || line.startsWith("#")) continue;
    const row: Row = [];
    let at = 0;
    while (row.length < TRIPLE.length) {
      while (line[at] === " " || line[at] === "\t") at += 1;
      const [term, end] = readAt(line, at);
      row.push(term);
      at = end;
    }
    rows.push(row);
  }
  return { kind: "triples", rows, text };
}

function readAt(line: string, at: number): [Term, number] {
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(line);
  };
  const nested = match(NESTED);
  if (nested) return [{ type: "literal", value: nested[0] }, NESTED.lastIndex];
  const iri = match(IRI);
  if (iri) return [{ type: "iri", value: unescape(iri[1]!) }, IRI.lastIndex];
  const blank = match(BLANK);
  if (blank) return [{ type: "blank", value: blank[1]! }, BLANK.lastIndex];
  const literal = match(LITERAL);
  if (!literal) throw new Error(`a line of the answer is not N-Triples: ${line}`);
  const term: Term = { type: "literal", value: unescape(literal[1]!) };
  if (literal[2]) term.language = literal[2];
  if (literal[3]) term.datatype = literal[3];
  return [term, LITERAL.lastIndex];
}

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_, short, long, one) =>
    one === undefined ? String.fromCodePoint(Number.parseInt(short ?? long, 16)) : (ESCAPES[one] ?? one),
  );
}

/** Rows in CSV, by the recommendation "SPARQL 1.1 Query Results CSV and TSV Formats". */
export function toCsv(columns: string[], rows: Row[]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const value = (term: Term | undefined) => (term?.type === "blank" ? `_:${term.value}` : (term?.value ?? ""));
  return [columns, ...rows.map((row) => row.map(value))].map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}
