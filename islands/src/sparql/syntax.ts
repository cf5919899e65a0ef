// What is wrong with a query, in the words of threatgraph.sparql.
const TOKEN = /<[^<>"{}|^`\\\s]*>|"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#[^\n]*|[?$][\p{L}\p{N}_]+|[\p{L}\p{N}_-]*:[\p{L}\p{N}_.%:-]*|[\p{L}][\p{L}\p{N}_]*|[^]/gu;
const UPDATES = new Set("INSERT DELETE LOAD CLEAR DROP CREATE ADD MOVE COPY".split(" "));
const UNHELPFUL = /^$|expected one of|expected (?:\[.*\]|[A-Z_]+)$/;

export interface Position {
  line: number;
  column: number;
}

export interface Fault extends Position {
  message: string;
}

interface Token {
  text: string;
  at: number;
}

function scan(query: string): Token[] {
  const found: Token[] = [];
  for (const match of query.matchAll(TOKEN)) {
    if (/\S/.test(match[0]) && !match[0].startsWith("#")) found.push({ text: match[0], at: match.index });
  }
  return found;
}

function findPosition(query: string, at: number): Position {
  const before = query.slice(0, at);
  return { line: before.split("\n").length, column: [...before.slice(before.lastIndexOf("\n") + 1)].length + 1 };
}

/** An update or a federated query, which are refused. */
export function refused(query: string): Fault | undefined {
  for (const { text, at } of scan(query)) {
    const word = text.toUpperCase();
    const place = findPosition(query, at);
    const where = `${word} at line ${place.line}, column ${place.column} is refused`;
    if (UPDATES.has(word)) return { message: `${where}: the graph is read-only here.`, ...place };
    if (word === "SERVICE") return { message: `${where}: federated queries are turned off.`, ...place };
  }
  return undefined;
}

/** Whether a query may use named graphs, whose keywords can have escapes. */
export function usesNamedGraphs(query: string): boolean {
  return /\\u/i.test(query) || scan(query).some(({ text }) => /^(?:GRAPH|FROM)$/i.test(text));
}

/** The first prefix that a query uses but does not declare. */
export function undeclared(query: string, prefixes: Record<string, string>): Fault | undefined {
  const tokens = scan(query);
  const declared = new Set(Object.keys(prefixes));
  let before = "";
  for (const { text } of tokens) {
    if (before === "PREFIX" && text.endsWith(":")) declared.add(text.slice(0, -1));
    before = text.toUpperCase();
  }
  for (const { text, at } of tokens) {
    if (!/^[\p{L}\p{N}_-]*:/u.test(text)) continue;
    const prefix = text.slice(0, text.indexOf(":"));
    if (declared.has(prefix) || prefix === "_" || text === ":") continue; // a blank node is no name
    const place = findPosition(query, at);
    const message = `unknown prefix '${prefix}:' at line ${place.line}, column ${place.column}; declare it with PREFIX ${prefix}: <…>.`;
    return { message, ...place };
  }
  return undefined;
}

/** A message of Oxigraph, whose position is that in a text with lines before the query. */
export function explained(message: string, linesBefore: number): { message: string } & Partial<Position> {
  const place = /error at (\d+):(\d+)/.exec(message);
  if (!place) return { message: `the query failed: ${message}` };
  const line = Number(place[1]) - linesBefore;
  const column = Number(place[2]);
  const reason = message.slice(place.index + place[0].length).replace(/^[ :]+|[ :]+$/g, "");
  const end = UNHELPFUL.test(reason) ? " (missing or misspelled part)" : `: ${reason}`;
  return { message: `the query does not parse at line ${line}, column ${column}${end}`, line, column };
}
