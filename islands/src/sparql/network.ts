// A graph of the IRIs in an answer: those that triples link, or those in two columns of a table.
import type { Answer, Row, Term } from "./answer";
import { count, html, svg } from "./dom";
import type { Links } from "./links";

const [MOST_NODES, MOST_EDGES] = [60, 150];
const [WIDTH, HEIGHT, MARGIN] = [900, 600, 70];
const STEPS = 300;
const PULL = 0.1;
const LABELS = /(?:skos\/core#prefLabel|rdf-schema#label)$/;
const LETTERS = 30;
const SCROLL = { class: "scroll", role: "region", "aria-label": "Graph", tabindex: "0" };

interface Node {
  name: string;
  x: number;
  y: number;
}

type Edge = [number, number, string];

/** The graph; undefined where an answer has no links, or too many. */
export function network(answer: Answer, links: Links): Element | undefined {
  const found = answer.kind === "rows" ? pairs(answer.columns, answer.rows) : answer.kind === "triples" ? answer.rows : [];
  const named = new Map<string, string>();
  const places = new Map<string, number>();
  const edges: Edge[] = [];
  const placeOf = (term: Term) => {
    if (!places.has(term.value)) places.set(term.value, places.size);
    return places.get(term.value)!;
  };
  for (const [subject, predicate, object] of found) {
    if (subject?.type !== "iri" || !object) continue;
    if (object.type === "iri") edges.push([placeOf(subject), placeOf(object), predicate ? links.short(predicate.value) : ""]);
    else if (predicate && LABELS.test(predicate.value)) named.set(subject.value, object.value);
  }
  if (!edges.length || edges.length > MOST_EDGES || places.size > MOST_NODES) return undefined;
  const nodes = [...places.keys()].map((iri, index) => onCircle(named.get(iri) ?? links.short(iri), index, places.size));
  arrange(nodes, edges);
  return draw(nodes, edges);
}

// The pairs in a table with exactly two columns of IRIs.
function pairs(columns: string[], rows: Row[]): Row[] {
  const iris = columns.map((_, index) => index).filter((index) => rows.every((row) => row[index]?.type === "iri"));
  if (iris.length !== 2) return [];
  return rows.map((row) => [row[iris[0]!], undefined, row[iris[1]!]]);
}

function onCircle(name: string, index: number, total: number): Node {
  const angle = (2 * Math.PI * index) / total;
  return { name, x: WIDTH / 2 + (WIDTH / 3) * Math.cos(angle), y: HEIGHT / 2 + (HEIGHT / 3) * Math.sin(angle) };
}

// Moves linked nodes together and all others apart (Fruchterman and Reingold, 1991). There is no chance in it.
function arrange(nodes: Node[], edges: Edge[]): void {
  const ideal = 0.8 * Math.sqrt((WIDTH * HEIGHT) / nodes.length);
  for (let step = 0; step < STEPS; step += 1) {
    const moves = nodes.map(() => ({ x: 0, y: 0 }));
    const push = (one: number, other: number, force: (distance: number) => number) => {
      const x = nodes[one]!.x - nodes[other]!.x || 0.01 * (one - other);
      const y = nodes[one]!.y - nodes[other]!.y;
      const distance = Math.hypot(x, y) || 0.01;
      const by = force(distance) / distance;
      moves[one]!.x += x * by;
      moves[one]!.y += y * by;
      moves[other]!.x -= x * by;
      moves[other]!.y -= y * by;
    };
    for (let one = 0; one < nodes.length; one += 1) {
      for (let other = 0; other < one; other += 1) push(one, other, (distance) => (ideal * ideal) / distance);
    }
    for (const [from, to] of edges) if (from !== to) push(from, to, (distance) => (-distance * distance) / ideal);
    nodes.forEach(({ x, y }, index) => {
      moves[index]!.x -= (x - WIDTH / 2) * PULL; // so that parts without links between them stay near
      moves[index]!.y -= (y - HEIGHT / 2) * PULL;
    });
    const most = (WIDTH / 10) * (1 - step / STEPS);
    nodes.forEach((node, index) => {
      const { x, y } = moves[index]!;
      const length = Math.hypot(x, y) || 1;
      node.x += (x / length) * Math.min(length, most);
      node.y += (y / length) * Math.min(length, most);
    });
  }
  fit(nodes, "x", WIDTH);
  fit(nodes, "y", HEIGHT);
}

function fit(nodes: Node[], axis: "x" | "y", size: number): void {
  const all = nodes.map((node) => node[axis]);
  const least = Math.min(...all);
  const range = Math.max(...all) - least;
  for (const node of nodes) {
    node[axis] = range ? MARGIN + ((node[axis] - least) / range) * (size - 2 * MARGIN) : size / 2;
  }
}

function draw(nodes: Node[], edges: Edge[]): Element {
  const at = (number: number) => number.toFixed(1);
  const lines = edges.map(([from, to, name]) => {
    const [start, end] = [nodes[from]!, nodes[to]!];
    const line = { x1: at(start.x), y1: at(start.y), x2: at(end.x), y2: at(end.y) };
    return svg("line", line, svg("title", {}, name));
  });
  const points = nodes.map(({ name, x, y }) => {
    const text = [...name].length > LETTERS ? `${[...name].slice(0, LETTERS - 1).join("")}…` : name;
    return svg(
      "g",
      {},
      svg("circle", { cx: at(x), cy: at(y), r: "6" }),
      svg("text", { x: at(x), y: at(y - 11) }, text),
      svg("title", {}, name),
    );
  });
  const size = `${count(nodes.length, "node")} and ${count(edges.length, "link")}`;
  const label = `Graph with ${size}. The table has the same links.`;
  const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "network", role: "img", "aria-label": label };
  const caption = html("figcaption", {}, size);
  return html("figure", {}, caption, html("div", SCROLL, svg("svg", box, ...lines, ...points)));
}
