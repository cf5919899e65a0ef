// Shows an answer: a table, and a chart or a graph where one fits.
import { type Answer, type Row, type Term, toCsv, TRIPLE } from "./answer";
import { barChart } from "./chart";
import { count, html, save } from "./dom";
import type { Links } from "./links";
import { network } from "./network";

const MOST_ROWS = 1000;

/** One sentence on an answer. */
export function summary(answer: Answer): string {
  if (answer.kind === "boolean") return answer.value ? "Yes." : "No.";
  const what = answer.kind === "rows" ? "row" : "triple";
  if (!answer.rows.length) return `No ${what}s.`;
  const hidden = answer.rows.length > MOST_ROWS ? ` The first ${MOST_ROWS.toLocaleString("en-US")} are shown.` : "";
  return `${count(answer.rows.length, what)}.${hidden}`;
}

/** The IRIs of pages that the shown rows link to. */
export function documents(answer: Answer, links: Links): string[] {
  if (answer.kind === "boolean") return [];
  const found = new Set<string>();
  for (const row of answer.rows.slice(0, MOST_ROWS)) {
    for (const term of row) {
      const document = term?.type === "iri" ? links.document(term.value) : undefined;
      if (document) found.add(document);
    }
  }
  return [...found];
}

/**
 * The elements of an answer.
 *
 * @param pages the IRIs that have a page.
 * @param turtle offers the triples in Turtle.
 */
export function show(answer: Answer, links: Links, pages: Set<string>, turtle: () => void): Node[] {
  if (answer.kind === "boolean") return [downloads([["JSON", () => saveJson(answer.text)]])];
  if (!answer.rows.length) return [];
  const columns = answer.kind === "rows" ? answer.columns : TRIPLE;
  const figure = barChart(columns, answer.rows, links) ?? network(answer, links);
  const files: File[] =
    answer.kind === "rows"
      ? [
          ["JSON", () => saveJson(answer.text)],
          ["CSV", () => save("results.csv", "text/csv", toCsv(columns, answer.rows))],
        ]
      : [
          ["Turtle", turtle],
          ["N-Triples", () => save("results.nt", "application/n-triples", answer.text)],
        ];
  return [...(figure ? [figure] : []), table(columns, answer.rows, links, pages), downloads(files)];
}

type File = [string, () => void];

function saveJson(text: string): void {
  save("results.json", "application/sparql-results+json", text);
}

function downloads(files: File[]): Node {
  const list = html("p", { class: "downloads" }, "Download: ");
  for (const [name, action] of files) {
    const button = html("button", { type: "button", class: "plain" }, name);
    button.addEventListener("click", action);
    list.append(button, " ");
  }
  return list;
}

function table(columns: string[], rows: Row[], links: Links, pages: Set<string>): Node {
  const head = html("tr", {}, ...columns.map((name) => html("th", { scope: "col" }, name)));
  const body = html("tbody");
  for (const row of rows.slice(0, MOST_ROWS)) {
    body.append(html("tr", {}, ...row.map((term) => html("td", { dir: "auto" }, ...cell(term, links, pages)))));
  }
  const content = html("table", {}, html("caption", {}, "Results"), html("thead", {}, head), body);
  return html("div", { class: "scroll", role: "region", "aria-label": "Results", tabindex: "0" }, content);
}

function cell(term: Term | undefined, links: Links, pages: Set<string>): Node[] {
  if (!term) return [];
  if (term.type === "literal") {
    return [term.language ? html("span", { lang: term.language }, term.value) : document.createTextNode(term.value)];
  }
  if (term.type === "blank") return [document.createTextNode(`_:${term.value}`)];
  const text = html("bdi", {}, links.short(term.value));
  const page = links.document(term.value);
  if (page ? pages.has(page) : /^https?:/.test(term.value)) {
    return [html("a", { href: links.to(term.value), ...(page ? {} : { rel: "external" }) }, text)];
  }
  return [text];
}
