// What the page knows of the graph: prefixes, terms of the ontology, and named queries.
export interface ClassTerm {
  name: string;
  label: string;
  comment: string;
  kind: string; // of its records; empty if they have none
}

export interface PropertyTerm {
  name: string;
  label: string;
  comment: string;
  classes: Record<string, string>; // the classes whose records have it, each with the types of the values
}

export interface Example {
  name: string;
  title: string;
  question: string;
  text: string;
}

export interface Terms {
  prefixes: Record<string, string>;
  classes: ClassTerm[];
  properties: PropertyTerm[];
  examples: Example[];
}

interface Content {
  prefixes: Record<string, string>;
  classes: [string, string, string, string][];
  properties: [string, string, string, Record<string, string>][];
  queries: [string, string, string, string][];
}

export const NO_TERMS: Terms = { prefixes: {}, classes: [], properties: [], examples: [] };
const LOCAL = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_-])?$/u; // the simple ones of SPARQL's local names

export async function loadTerms(url: string): Promise<Terms> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} cannot be loaded (status ${response.status}).`);
  const content = (await response.json()) as Content;
  return {
    prefixes: content.prefixes,
    classes: content.classes.map(([name, label, comment, kind]) => ({ name, label, comment, kind })),
    properties: content.properties.map(([name, label, comment, classes]) => ({ name, label, comment, classes })),
    examples: content.queries.map(([name, title, question, text]) => ({ name, title, question, text })),
  };
}

/** An IRI as a prefixed name, or unchanged if no prefix matches. */
export function shorten(iri: string, prefixes: Record<string, string>): string {
  let best: [string, string] | undefined;
  for (const [prefix, namespace] of Object.entries(prefixes)) {
    if (iri.startsWith(namespace) && (!best || namespace.length > best[1].length)) best = [prefix, namespace];
  }
  return best ? `${best[0]}:${iri.slice(best[1].length)}` : iri;
}

/** An IRI as it is written in a query. */
export function inQuery(iri: string, prefixes: Record<string, string>): string {
  const short = shorten(iri, prefixes);
  return short !== iri && LOCAL.test(short.slice(short.indexOf(":") + 1)) ? short : `<${iri}>`;
}
