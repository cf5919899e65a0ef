// Where queries run: at the endpoint of a server, or in a worker of the browser.
import { type Answer, readJson, readTriples } from "./answer";

export const ROWS = "application/sparql-results+json";
export const TRIPLES = "application/n-triples";
export const TURTLE = "text/turtle";

/** A query that has no answer, with the position of the error if the query has one. */
export class QueryError extends Error {
  constructor(
    message: string,
    readonly line?: number,
    readonly column?: number,
  ) {
    super(message);
  }
}

export interface Found {
  iri: string;
  label: string;
  kind: string;
  code: string;
}

export interface Engine {
  /** Evaluate a query; the signal cancels it. */
  run(query: string, signal: AbortSignal, progress: (text: string) => void): Promise<Answer>;
  /** The triples of a query in Turtle. */
  turtle(query: string, signal: AbortSignal): Promise<string>;
  /** The IRIs, among those given, that have a page here. */
  pages(iris: string[]): Promise<Set<string>>;
  /** Records by the beginning of words of their labels. */
  search(text: string, kind: string, signal: AbortSignal): Promise<Found[]>;
}

export function readAnswer(text: string, type: string): Answer {
  return type.startsWith(ROWS) ? readJson(text) : readTriples(text);
}

interface Problem {
  detail?: string;
  line?: number;
  column?: number;
}

/** The SPARQL endpoint of the server of this page. */
export class Endpoint implements Engine {
  constructor(
    private readonly url: string,
    private readonly root: string,
  ) {}

  async run(query: string, signal: AbortSignal): Promise<Answer> {
    const response = await this.send(query, `${ROWS}, ${TRIPLES}`, signal);
    return readAnswer(await response.text(), response.headers.get("content-type") ?? "");
  }

  async turtle(query: string, signal: AbortSignal): Promise<string> {
    return (await this.send(query, TURTLE, signal)).text();
  }

  async pages(iris: string[]): Promise<Set<string>> {
    return new Set(iris); // the server says what it does not have
  }

  async search(text: string, kind: string, signal: AbortSignal): Promise<Found[]> {
    const found = await this.found(text, kind, 8, signal);
    const words = text.split(" ");
    const last = words.pop()!.toLowerCase();
    if (found.length || !words.length) return found;
    // The search knows whole words, and the last one may not be whole yet.
    const others = await this.found(words.join(" "), kind, 40, signal);
    return others.filter(({ label }) => label.toLowerCase().split(/[^\p{L}\p{N}]+/u).some((one) => one.startsWith(last)));
  }

  private async found(text: string, kind: string, top: number, signal: AbortSignal): Promise<Found[]> {
    const given = new URLSearchParams({ q: text, top: String(top), ...(kind && { kind }) });
    const response = await fetch(`${this.root}search?${given}`, { headers: { accept: "application/json" }, signal });
    if (!response.ok) return [];
    const { results } = (await response.json()) as { results: (Omit<Found, "code"> & { code: string | null })[] };
    return results.map((one) => ({ ...one, code: one.code ?? "" }));
  }

  private async send(query: string, accept: string, signal: AbortSignal): Promise<Response> {
    const headers = { accept: `${accept}, application/problem+json;q=0.5`, "content-type": "application/sparql-query" };
    let response: Response;
    try {
      response = await fetch(this.url, { method: "POST", body: query, headers, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new QueryError("The server cannot be reached. Check the connection and try again.");
    }
    if (response.ok) return response;
    throw await problemOf(response);
  }
}

async function problemOf(response: Response): Promise<QueryError> {
  const text = await response.text();
  if (!response.headers.get("content-type")?.includes("json")) return new QueryError(text.trim());
  const { detail, line, column } = JSON.parse(text) as Problem;
  return new QueryError(detail ?? `The server answers with status ${response.status}.`, line, column);
}
