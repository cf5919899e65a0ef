// Queries in a worker of the browser, for pages that no server computes.
import type { Answer } from "./answer";
import { type Engine, type Found, QueryError, readAnswer, TRIPLES, TURTLE } from "./engine";
import type { Links } from "./links";
import type { Answered, Reply, Request } from "./messages";

type Action = Request extends infer One ? (One extends Request ? Omit<One, "id"> : never) : never;
type Value = Extract<Reply, { value: unknown }>["value"];
type IndexRecord = [string, number, string, string, string, string];
const MOST_FOUND = 8;

interface Index {
  kinds: { name: string }[];
  records: IndexRecord[];
}

interface Waiting {
  resolve: (value: Value) => void;
  reject: (error: Error) => void;
}

export interface Files {
  worker: string;
  engine: string;
  graph: string;
  index: string;
}

/** Why queries cannot run here; empty if they can. */
export function obstacle(): string {
  if (location.protocol === "file:") {
    return "This page was opened as a file, so queries do not run in it: browsers permit that only on pages that a web server sends.";
  }
  if (typeof WebAssembly !== "object") return "Queries do not run here, since WebAssembly is turned off in this browser.";
  if (typeof Worker !== "function" || typeof DecompressionStream !== "function") {
    return "Queries do not run here, since this browser is too old.";
  }
  return "";
}

export class Local implements Engine {
  private worker: Worker | undefined;
  private started: Promise<Value> | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private next = 0;
  private progress: (text: string) => void = () => {};
  private index: Promise<Index> | undefined;

  constructor(
    private readonly files: Files,
    private readonly links: () => Links,
  ) {}

  async run(query: string, signal: AbortSignal, progress: (text: string) => void): Promise<Answer> {
    this.progress = progress;
    const { text, type } = await this.evaluate(query, TRIPLES, signal);
    return readAnswer(text, type);
  }

  async turtle(query: string, signal: AbortSignal): Promise<string> {
    return (await this.evaluate(query, TURTLE, signal)).text;
  }

  async pages(iris: string[]): Promise<Set<string>> {
    if (!iris.length) return new Set();
    return new Set((await this.send({ action: "pages", iris })) as string[]);
  }

  async search(text: string, kind: string, _: AbortSignal): Promise<Found[]> {
    this.index ??= fetch(this.files.index).then((response) => response.json() as Promise<Index>);
    const { kinds, records } = await this.index;
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found: Found[] = [];
    for (const [path, at, code, label] of records) {
      const of = kinds[at]?.name ?? "";
      if (kind && of !== kind) continue;
      const inLabel = label.toLowerCase().split(/[^\p{L}\p{N}]+/u);
      if (!words.every((word) => inLabel.some((one) => one.startsWith(word)))) continue;
      found.push({ iri: this.links().base + path, label, kind: of, code });
      if (found.length === MOST_FOUND) break;
    }
    return found;
  }

  private async evaluate(query: string, triples: string, signal: AbortSignal): Promise<Answered> {
    const stop = () => this.stop(new DOMException("The query was canceled.", "AbortError"));
    signal.throwIfAborted();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const { prefixes, base } = this.links();
      const { engine, graph } = this.files;
      this.started ??= this.send({ action: "start", engine: absolute(engine), graph: absolute(graph), prefixes, base });
      await this.started;
      return (await this.send({ action: "run", query, triples })) as Answered;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  private send(action: Action): Promise<Value> {
    const worker = (this.worker ??= this.begin());
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ...action });
    });
  }

  private begin(): Worker {
    const worker = new Worker(this.files.worker, { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.receive(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.stop(new QueryError("The worker that runs queries cannot be started. Reload the page."));
    });
    return worker;
  }

  private receive(reply: Reply): void {
    if ("progress" in reply) return this.progress(reply.progress);
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ("value" in reply) return waiting?.resolve(reply.value);
    const { message, line, column, isFault } = reply.error;
    const error = new QueryError(isFault ? faulty(message) : message, line, column);
    waiting?.reject(error);
    if (isFault) this.stop(error); // a fault can leave the engine in any state
  }

  // Ends the worker, the only way to end a query; the next query starts another one.
  private stop(error: Error): void {
    this.worker?.terminate();
    this.worker = this.started = undefined;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

function faulty(message: string): string {
  return `The query engine of this page failed: ${message}. It starts again with the next query.`;
}

// In a worker, URLs are relative to its script.
function absolute(url: string): string {
  return new URL(url, document.baseURI).href;
}
