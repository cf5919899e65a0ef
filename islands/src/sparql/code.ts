// Programs that run the query: the same as those of threatgraph.web.query_code, which writes them without JavaScript.
const FORM = /<[^<>\s]*>|#[^\n]*|(?<![:\w?$])(SELECT|ASK|CONSTRUCT|DESCRIBE)\b(?!\s*:)/gi;
const INVISIBLE =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g; // or it reorders source code

/** The form of a query: SELECT, ASK, CONSTRUCT or DESCRIBE. */
export function queryForm(query: string): string {
  for (const found of query.matchAll(FORM)) if (found[1]) return found[1].toUpperCase();
  return "SELECT";
}

/** Programs by the name of their language. */
export function queryCode(query: string, endpoint: string | undefined): Record<string, string> {
  const form = queryForm(query);
  const isTriples = form === "CONSTRUCT" || form === "DESCRIBE";
  const name = isTriples ? "turtle" : form === "ASK" ? "json" : "csv";
  if (!endpoint) return { python: python(query), shell: `threatgraph query ${inShell(query)}\n`, r: r(query, name) };
  return {
    python: pythonEndpoint(query, isTriples, endpoint),
    shell: curl(query, name, endpoint),
    r: rEndpoint(query, name, endpoint),
  };
}

function visible(text: string): string {
  return text.replace(INVISIBLE, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function inPython(text: string): string {
  // A quotation mark before another one, or at the end, could end the literal.
  return `"""${visible(text.replaceAll("\\", "\\\\").replace(/"(?="|$)/g, '\\"'))}"""`;
}

function inShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function inR(text: string): string {
  if (text.search(INVISIBLE) >= 0) return `"${visible(text.replaceAll("\\", "\\\\").replaceAll('"', '\\"'))}"`; // R requires it
  let dashes = "";
  while (text.includes(`)${dashes}"`)) dashes += "-";
  return `r"${dashes}(${text})${dashes}"`;
}

function python(text: string): string {
  return `from threatgraph import ThreatGraph

query = ${inPython(text)}
graph = ThreatGraph.open()
print(graph.query(query))
`;
}

function pythonEndpoint(text: string, isTriples: boolean, endpoint: string): string {
  const name = isTriples ? "RDFXML" : "JSON";
  return `from SPARQLWrapper import ${name}, POST, SPARQLWrapper

query = ${inPython(text)}
endpoint = SPARQLWrapper("${endpoint}", returnFormat=${name})
endpoint.setMethod(POST)
endpoint.setQuery(query)
answer = endpoint.queryAndConvert()
${isTriples ? 'print(answer.serialize(format="turtle"))' : "print(answer)"}
`;
}

const TYPES: Record<string, string> = { turtle: "text/turtle", json: "application/sparql-results+json", csv: "text/csv" };

function curl(text: string, name: string, endpoint: string): string {
  return `curl -H 'Accept: ${TYPES[name]}' --data-urlencode ${inShell(`query=${text}`)} '${endpoint}'\n`;
}

function r(text: string, name: string): string {
  const run = `system2("threatgraph", c("query", "--format", "${name}", shQuote(query)), stdout = TRUE)`;
  const shown = name === "csv" ? `answer <- read.csv(text = ${run})\nprint(answer)\n` : `writeLines(${run})\n`;
  return `query <- ${inR(text)}\n${shown}`;
}

function rEndpoint(text: string, name: string, endpoint: string): string {
  const shown = name === "csv" ? "answer <- read.csv(url)\nprint(answer)\n" : "writeLines(readLines(url))\n";
  const url = `paste0("${endpoint}?format=${name}&query=", URLencode(query, reserved = TRUE))`;
  return `query <- ${inR(text)}\nurl <- ${url}\n${shown}`;
}
