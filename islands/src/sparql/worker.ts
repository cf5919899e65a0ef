// Evaluates queries in a worker of the browser, with Oxigraph compiled to WebAssembly.
import init, { Store } from "oxigraph/web.js";
import { queryForm } from "./code";
import type { Answered, Reply, Request } from "./messages";
import { explained, refused, undeclared, usesNamedGraphs } from "./syntax";

const ROWS = "application/sparql-results+json";
const LARGEST = 16 * 1024 * 1024; // characters of an answer
const GZIP = [0x1f, 0x8b];
const IN_GRAPH = / <[^<> ]*> \.$/gm;

class Refused extends Error {
  constructor(readonly found: { message: string; line?: number; column?: number }) {
    super(found.message);
  }
}

let store: Store;
let graph: Uint8Array;
let hasGraphs = false;
let prefixes: Record<string, string> = {};
let base = "";

async function start(request: Extract<Request, { action: "start" }>): Promise<null> {
  ({ prefixes, base } = request);
  const [content] = await Promise.all([download(request.graph), init({ module_or_path: request.engine })]);
  report("Loading the graph…");
  graph = content;
  store = new Store();
  // The merged graph first, as in Python: named graphs make other queries slower.
  load((await inflate(graph)).replace(IN_GRAPH, " ."), "application/n-triples");
  return null;
}

function load(text: string, format: string): void {
  store.load(text, { format, no_transaction: true, lenient: true });
}

async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`${url} cannot be loaded (status ${response.status}).`);
  const total = Number(response.headers.get("content-length"));
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    const part = total >= size ? ` (${Math.round((100 * size) / total)}%)` : "";
    report(`Downloading the graph and the query engine${part}…`);
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

// Some hosts declare the compression of the file, so that the browser has undone it.
async function inflate(content: Uint8Array): Promise<string> {
  const isPacked = GZIP.every((byte, index) => content[index] === byte);
  const stream = new Blob([content as BlobPart]).stream();
  return new Response(isPacked ? stream.pipeThrough(new DecompressionStream("gzip")) : stream).text();
}

async function run({ query, triples }: Extract<Request, { action: "run" }>): Promise<Answered> {
  const found = refused(query);
  if (found) throw new Refused(found);
  if (usesNamedGraphs(query) && !hasGraphs) {
    report("Loading the named graphs…");
    load(await inflate(graph), "application/n-quads");
    hasGraphs = true;
  }
  report("Running the query…");
  const isTriples = /^(?:CONSTRUCT|DESCRIBE)$/.test(queryForm(query));
  const type = isTriples ? triples : ROWS;
  const text = evaluate(query, type);
  if (text.length > LARGEST) {
    throw new Refused({ message: "the answer is larger than 16 MiB, the limit of this page: add a LIMIT, or download the graph." });
  }
  return { text, type };
}

function evaluate(query: string, type: string): string {
  const declared = Object.entries(prefixes).map(([name, namespace]) => `PREFIX ${name}: <${namespace}>`);
  try {
    return store.query(`${declared.join(" ")}\n${query}`, { results_format: type, base_iri: base }) as string;
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error;
    throw new Refused(undeclared(query, prefixes) ?? explained((error as Error).message, 1));
  }
}

function pages({ iris }: Extract<Request, { action: "pages" }>): string[] {
  const values = iris.map((iri) => `<${iri}>`).join(" ");
  const query = `SELECT DISTINCT ?iri { VALUES ?iri { ${values} } FILTER EXISTS { ?iri ?property ?value } }`;
  return (store.query(query) as Map<string, { value: string }>[]).map((row) => row.get("iri")!.value);
}

function report(progress: string): void {
  send({ progress });
}

function send(reply: Reply): void {
  self.postMessage(reply);
}

self.addEventListener("message", async ({ data }: MessageEvent<Request>) => {
  const { id } = data;
  try {
    const value = data.action === "start" ? await start(data) : data.action === "run" ? await run(data) : pages(data);
    send({ id, value });
  } catch (error) {
    const isFault = !(error instanceof Refused);
    send({ id, error: { ...(isFault ? { message: String((error as Error).message) } : error.found), isFault } });
  }
});
