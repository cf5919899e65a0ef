// A bar chart of a table with one column of names and one of numbers.
import type { Row, Term } from "./answer";
import { html, svg } from "./dom";
import type { Links } from "./links";

const XSD = "http://www.w3.org/2001/XMLSchema#";
const NUMBERS = new Set(
  "integer decimal double float int long short byte nonNegativeInteger positiveInteger unsignedInt unsignedLong".split(" "),
);
const MOST = 40; // bars
const [WIDTH, NAMES, VALUES, ROW] = [720, 270, 80, 24];
const LETTERS = 38; // of a name
const SCROLL = { class: "scroll", role: "region", "aria-label": "Chart", tabindex: "0" };

/** The chart; undefined where a table has other columns. */
export function barChart(columns: string[], rows: Row[], links: Links): Element | undefined {
  const found = columnsOf(columns, rows);
  if (!found || rows.length < 2 || rows.length > MOST) return undefined;
  const [nameAt, numberAt] = found;
  const values = rows.map((row) => Number(row[numberAt]!.value));
  const least = Math.min(0, ...values);
  const most = Math.max(0, ...values);
  const scale = (WIDTH - NAMES - VALUES) / (most - least || 1);
  const zero = NAMES + -least * scale;
  const bars = rows.map((row, index) => {
    const value = values[index]!;
    const top = index * ROW;
    const end = zero + value * scale;
    const name = nameOf(row[nameAt], links);
    const middle = String(top + ROW / 2);
    return svg(
      "g",
      {},
      svg("text", { x: String(NAMES - 8), y: middle, class: "name" }, short(name)),
      svg("rect", {
        x: String(Math.min(zero, end)),
        y: String(top + 3),
        width: String(Math.abs(end - zero)),
        height: String(ROW - 6),
      }),
      svg("text", { x: String(Math.max(zero, end) + 6), y: middle }, row[numberAt]!.value),
    );
  });
  const label = `Bar chart of ${columns[numberAt]} by ${columns[nameAt]}. The table has the same values.`;
  const size = `0 0 ${WIDTH} ${rows.length * ROW}`;
  const picture = svg("svg", { viewBox: size, class: "rows", role: "img", "aria-label": label }, ...bars);
  const caption = html("figcaption", {}, `${columns[numberAt]} by ${columns[nameAt]}`);
  return html("figure", {}, caption, html("div", SCROLL, picture));
}

// The columns of names and of numbers. Beside a column of IRIs, one of texts has their names.
function columnsOf(columns: string[], rows: Row[]): [number, number] | undefined {
  const every = (index: number, test: (term: Term) => boolean) =>
    rows.every((row) => row[index] !== undefined && test(row[index]));
  const all = columns.map((_, index) => index);
  const numbers = all.filter((index) => every(index, isNumber));
  const others = all.filter((index) => !numbers.includes(index));
  const texts = others.filter((index) => every(index, (term) => term.type === "literal"));
  const iris = others.filter((index) => every(index, (term) => term.type === "iri"));
  const fits = numbers.length === 1 && texts.length <= 1 && iris.length <= 1 && texts.length + iris.length === others.length;
  const name = texts[0] ?? iris[0];
  return fits && name !== undefined ? [name, numbers[0]!] : undefined;
}

function isNumber(term: Term): boolean {
  const type = term.datatype?.startsWith(XSD) ? term.datatype.slice(XSD.length) : "";
  return NUMBERS.has(type) && Number.isFinite(Number(term.value));
}

function nameOf(term: Term | undefined, links: Links): string {
  return term?.type === "iri" ? links.short(term.value) : (term?.value ?? "");
}

function short(name: string): string {
  const letters = [...name];
  return letters.length > LETTERS ? `${letters.slice(0, LETTERS - 1).join("")}…` : name;
}
