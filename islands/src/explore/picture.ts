// The graph as a picture with WebGL, in the colors of the page.
import type Graph from "graphology";
import Sigma from "sigma";

const SHADES: Record<string, string> = {
  pattern: "a",
  incident: "b",
  provision: "c",
  framework: "c",
  "causal-factor": "d",
  group: "e",
  actor: "e",
  domain: "f",
};

export function hasWebGL(): boolean {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

function variable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function paint(graph: Graph): void {
  graph.forEachNode((node, { kind }) => {
    graph.setNodeAttribute(node, "color", variable(`--kind-${SHADES[String(kind)] ?? "g"}`));
  });
  graph.forEachEdge((edge) => graph.setEdgeAttribute(edge, "color", variable("--line")));
}

export class Picture {
  private readonly sigma: Sigma;
  private readonly duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 250;

  constructor(
    private readonly graph: Graph,
    container: HTMLElement,
    expand: (node: string) => void,
  ) {
    this.sigma = new Sigma(graph, container, {
      allowInvalidContainer: true, // it is hidden while the drawing is shown
      labelFont: getComputedStyle(document.body).fontFamily,
      labelSize: 13,
      labelColor: { color: variable("--text") },
      labelRenderedSizeThreshold: 0,
      labelDensity: 1,
      labelGridCellSize: 130,
      stagePadding: 70,
      defaultDrawNodeHover: (context, data) => {
        if (!data.label) return;
        context.font = `600 14px ${getComputedStyle(document.body).fontFamily}`;
        const width = context.measureText(data.label).width;
        context.fillStyle = variable("--page");
        context.strokeStyle = variable("--link");
        context.beginPath();
        context.roundRect(data.x - data.size - 4, data.y - 13, width + 2 * data.size + 18, 26, 6);
        context.fill();
        context.stroke();
        context.fillStyle = data.color;
        context.beginPath();
        context.arc(data.x, data.y, data.size, 0, 2 * Math.PI);
        context.fill();
        context.fillStyle = variable("--text");
        context.fillText(data.label, data.x + data.size + 6, data.y + 5);
      },
    });
    this.sigma.on("clickNode", ({ node }) => expand(node));
    this.sigma.on("enterNode", () => container.classList.add("over"));
    this.sigma.on("leaveNode", () => container.classList.remove("over"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
  }

  repaint(): void {
    paint(this.graph);
    this.sigma.setSetting("labelColor", { color: variable("--text") });
    this.sigma.refresh();
  }

  mark(node: string, isMarked: boolean): void {
    this.graph.setNodeAttribute(node, "highlighted", isMarked);
  }

  zoom(factor: number): void {
    const camera = this.sigma.getCamera();
    void camera.animate({ ratio: camera.ratio * factor }, { duration: this.duration });
  }

  whole(): void {
    void this.sigma.getCamera().animate({ x: 0.5, y: 0.5, ratio: 1.1, angle: 0 }, { duration: this.duration });
  }

  resize(): void {
    this.sigma.resize();
    this.sigma.refresh();
  }
}
