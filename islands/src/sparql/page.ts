// The page for SPARQL queries: an editor in place of the text field, and answers without leaving the page.
import { queryCode } from "./code";
import { completions } from "./complete";
import { html, save } from "./dom";
import { Editor } from "./editor";
import { Endpoint, type Engine, QueryError } from "./engine";
import { Links } from "./links";
import { Local, obstacle } from "./local";
import { documents, show, summary } from "./results";
import { loadTerms, NO_TERMS, type Terms } from "./terms";

const FRAGMENT = "#query=";
const KEYS =
  "Ctrl+Enter runs the query (on a Mac, ⌘+Enter). Ctrl+Space suggests terms, and Escape closes the suggestions. " +
  "Tab leaves the editor.";

/** The query of the fragment, which is shown and not run. */
function linkedQuery(): string | undefined {
  if (!location.hash.startsWith(FRAGMENT)) return undefined;
  try {
    return decodeURIComponent(location.hash.slice(FRAGMENT.length).replaceAll("+", " "));
  } catch {
    return undefined; // not a text
  }
}

class Page {
  private terms: Terms = NO_TERMS;
  private readonly engine: Engine;
  private readonly editor: Editor;
  private readonly status = html("p", { role: "status" });
  private readonly output = html("div");
  private readonly cancel = html("button", { type: "button", class: "plain", hidden: "" }, "Cancel");
  private readonly link = html("a", {}, "Link to this query");
  private readonly endpoint: string | undefined;
  private running: AbortController | undefined;

  constructor(
    private readonly form: HTMLFormElement,
    isStatic: boolean,
  ) {
    const { root = "", worker = "", engine = "", graph = "", index = "" } = form.dataset;
    const links = () => this.links;
    this.endpoint = isStatic ? undefined : new URL(form.action).href.replace(/[?#].*$/s, "");
    this.engine = isStatic ? new Local({ worker, engine, graph, index }, links) : new Endpoint(form.action, root);
    const field = form.elements.namedItem("query") as HTMLTextAreaElement;
    this.editor = new Editor(
      linkedQuery() ?? field.value,
      "Query",
      completions(() => this.terms, this.engine),
      () => void this.run(),
      () => this.changed(),
    );
    this.arrange(field);
    this.changed();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.run();
    });
    this.cancel.addEventListener("click", () => this.running?.abort());
    window.addEventListener("hashchange", () => {
      const query = linkedQuery();
      if (query !== undefined && query !== this.editor.text) this.editor.text = query;
    });
    this.loading = this.load(form.dataset["terms"] ?? "");
  }

  private readonly loading: Promise<void>;

  private get links(): Links {
    return new Links(this.form.dataset["root"] ?? "", this.form.dataset["suffix"] ?? "", this.terms.prefixes);
  }

  private arrange(field: HTMLTextAreaElement): void {
    const label = html("span", { class: "editor-label" }, "Query");
    label.addEventListener("click", () => this.editor.focus());
    const hint = html("p", { class: "details" }, KEYS);
    field.closest("label")!.replaceWith(html("div", { class: "editor-field" }, label, this.editor.element, hint));
    this.form.append(this.cancel, this.link);
    this.form.after(this.status, this.output);
  }

  private async load(url: string): Promise<void> {
    try {
      this.terms = await loadTerms(url);
    } catch {
      return; // without terms, queries run and results have full IRIs
    }
    this.form.after(this.examples());
  }

  private examples(): Node {
    const choice = html("select", {}, html("option", { value: "" }, "Choose a named query"));
    for (const { name, title } of this.terms.examples) choice.append(html("option", { value: name }, title));
    const load = html("button", { type: "button", class: "plain" }, "Load into the editor");
    const open = html("a", { hidden: "" }, "Open its page");
    const question = html("p", { class: "details" });
    const { root = "", suffix = "" } = this.form.dataset;
    const chosen = () => this.terms.examples.find(({ name }) => name === choice.value);
    choice.addEventListener("change", () => {
      question.textContent = chosen()?.question ?? "";
      open.hidden = !chosen();
      open.href = `${root}queries/${choice.value}${suffix}`;
    });
    load.addEventListener("click", () => {
      const example = chosen();
      if (!example) return choice.focus();
      this.editor.text = example.text;
      this.editor.focus();
    });
    return html("div", { class: "examples" }, html("label", {}, "Example", choice), load, open, question);
  }

  // Keeps what depends on the text of the query.
  private changed(): void {
    const { text } = this.editor;
    this.link.href = FRAGMENT + encodeURIComponent(text);
    for (const [name, code] of Object.entries(queryCode(text, this.endpoint))) {
      const element = document.querySelector(`[data-code="${name}"]`);
      if (element) element.textContent = code;
    }
  }

  private async run(): Promise<void> {
    const query = this.editor.text;
    if (!query.trim()) return this.tell("Write a query first.");
    this.running?.abort();
    const running = (this.running = new AbortController());
    const { signal } = running;
    for (const old of document.querySelectorAll("[data-answer]")) old.remove();
    this.output.replaceChildren();
    this.editor.unmark();
    this.cancel.hidden = false;
    this.tell("Running the query…");
    try {
      await this.loading;
      const answer = await this.engine.run(query, signal, (text) => this.tell(text));
      const pages = await this.engine.pages(documents(answer, this.links));
      if (signal.aborted) return;
      const turtle = () => void this.saveTurtle(query);
      this.output.replaceChildren(...show(answer, this.links, pages, turtle));
      this.tell(summary(answer));
    } catch (error) {
      if (this.running === running) this.fail(error as Error, signal);
    } finally {
      if (this.running === running) this.end();
    }
  }

  private end(): void {
    if (document.activeElement === this.cancel) this.editor.focus();
    this.cancel.hidden = true;
    this.running = undefined;
  }

  private fail(error: Error, signal: AbortSignal): void {
    if (signal.aborted) return this.tell("Canceled.");
    this.tell("");
    this.output.replaceChildren(html("pre", { class: "notice", role: "alert" }, error.message));
    if (error instanceof QueryError && error.line && error.column) {
      this.editor.mark(error.message.split("\n")[0]!, error.line, error.column);
    }
  }

  private async saveTurtle(query: string): Promise<void> {
    try {
      save("results.ttl", "text/turtle", await this.engine.turtle(query, new AbortController().signal));
    } catch (error) {
      this.tell((error as Error).message);
    }
  }

  private tell(text: string): void {
    this.status.textContent = text;
  }
}

function begin(form: HTMLFormElement): void {
  const island = document.querySelector<HTMLElement>("[data-island]");
  if (island) {
    const reason = obstacle();
    if (reason) {
      document.querySelector("[data-reason]")!.textContent = `${reason} There are other ways to query the graph.`;
      return;
    }
    island.hidden = false;
    document.querySelector<HTMLElement>("[data-fallback]")!.hidden = true;
  }
  new Page(form, island !== null);
}

const form = document.querySelector<HTMLFormElement>("form[data-sparql]");
if (form) begin(form);
