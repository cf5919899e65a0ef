// The page around a record: a button replaces the drawing with a graph that grows, and a list of its records.
import Graph from "graphology";
import { placeAround, relax } from "./layout.js";
import { hasWebGL, Picture } from "./picture.js";
import { Records } from "./records.js";

// Records that one expansion adds, and those of the whole graph.
const MOST_ADDED = 18;
const MOST = 300;
const LONGEST = 32;
const [TO_GRAPH, TO_DRAWING] = ["Show as an interactive graph", "Show the drawing"];

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

class Explorer {
  private readonly graph = new Graph();
  private readonly expanded = new Set<string>();
  private readonly status = element("p", { role: "status" });
  private readonly list = element("ul", { className: "columns nodes" });
  private readonly canvas = element("div", { className: "canvas" });
  private readonly interactive: HTMLElement;
  private readonly focus: string;
  private picture: Picture | undefined;

  constructor(
    container: HTMLElement,
    private readonly drawing: HTMLElement,
    private readonly records: Records,
  ) {
    const { focus, label, kind } = container.dataset as { focus: string; label: string; kind: string };
    this.focus = focus;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "Graph; the list below has the same records");
    const tools = element("p", { className: "tools" }, ...this.tools());
    const title = element("h3", {}, "Records in the graph");
    const hint = "Select a record in the graph, or expand it in the list, to add the records around it.";
    this.interactive = element("div", { hidden: true }, element("p", {}, hint), this.canvas, tools, title, this.list);
    this.add(focus, label, kind);
    const toggle = element("button", { type: "button", textContent: TO_GRAPH });
    toggle.addEventListener("click", () => this.toggle(toggle));
    container.append(element("p", {}, toggle), this.status, this.interactive);
    container.hidden = false;
  }

  private tools(): HTMLButtonElement[] {
    const actions: [string, () => void][] = [
      ["Zoom in", () => this.picture?.zoom(1 / 1.5)],
      ["Zoom out", () => this.picture?.zoom(1.5)],
      ["Whole graph", () => this.picture?.whole()],
    ];
    return actions.map(([textContent, action]) => {
      const button = element("button", { type: "button", textContent });
      button.addEventListener("click", action);
      return button;
    });
  }

  private toggle(button: HTMLButtonElement): void {
    const isOn = this.interactive.hidden;
    this.interactive.hidden = !isOn;
    this.drawing.hidden = isOn;
    button.textContent = isOn ? TO_DRAWING : TO_GRAPH;
    if (!isOn) return;
    if (this.picture) this.picture.resize();
    else {
      this.picture = new Picture(this.graph, this.canvas, (node) => void this.expand(node));
      void this.expand(this.focus);
    }
  }

  private add(iri: string, label: string, kind: string): void {
    const words = kind.replaceAll("-", " ");
    const text = `${label.length > LONGEST ? `${label.slice(0, LONGEST - 1).trimEnd()}…` : label} (${words})`;
    this.graph.addNode(iri, { label: text, kind, size: iri === this.focus ? 10 : 6, x: 0, y: 0 });
    const link = element("a", { href: this.records.page(iri) }, element("bdi", {}, label));
    const item = element("li", {}, link, ` ${words} `);
    if (this.records.canExpand(kind)) item.append(this.expander(iri, label));
    item.addEventListener("focusin", () => this.picture?.mark(iri, true));
    item.addEventListener("focusout", () => this.picture?.mark(iri, false));
    this.list.append(item);
  }

  private expander(iri: string, label: string): HTMLButtonElement {
    const button = element("button", { type: "button", textContent: "Expand" });
    button.setAttribute("aria-label", `Expand ${label}`);
    button.dataset["iri"] = iri;
    button.addEventListener("click", () => void this.expand(iri));
    return button;
  }

  private async expand(iri: string): Promise<void> {
    const { label, kind } = this.graph.getNodeAttributes(iri) as { label: string; kind: string };
    if (this.expanded.has(iri)) return this.say(`${label} is expanded already.`);
    if (!this.records.canExpand(kind)) return this.say(`This site has no page of the records around ${label}.`);
    this.expanded.add(iri);
    try {
      const { shown, total } = await this.records.around(iri, MOST_ADDED);
      const added = shown.filter((one) => !this.graph.hasNode(one.record)).slice(0, MOST - this.graph.order);
      for (const one of added) this.add(one.record, one.label, one.kind);
      for (const one of shown) {
        if (this.graph.hasNode(one.record)) this.graph.mergeEdge(iri, one.record, { size: 1 });
      }
      placeAround(this.graph, iri, added.map((one) => one.record));
      relax(this.graph, this.focus);
      this.picture?.repaint();
      const rest = total > shown.length ? ` It is linked with ${total} records; the table has all of them.` : "";
      this.say(`${label}: ${added.length} records added.${rest}`);
    } catch {
      this.expanded.delete(iri);
      this.say(`The records around ${label} could not be loaded.`);
    }
    this.list.querySelectorAll("button").forEach((button) => {
      button.hidden = this.expanded.has(button.dataset["iri"] ?? "") && button !== document.activeElement;
    });
  }

  private say(text: string): void {
    this.status.textContent = text;
  }
}

const container = document.getElementById("explorer");
const drawing = document.getElementById("drawing");
if (container && drawing) {
  if (hasWebGL()) {
    const { root = "/", base = "", suffix = "", kinds = "" } = container.dataset;
    new Explorer(container, drawing, new Records(root, base, new Set(kinds.split(" ").filter(Boolean)), suffix));
  } else {
    container.append(element("p", {}, "The drawing is not interactive, since this browser has no WebGL."));
    container.hidden = false;
  }
}
