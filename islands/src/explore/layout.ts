// Positions of nodes: neighbors on a circle around the node that was expanded, then springs and repulsion. The same
// steps give the same picture.
import type Graph from "graphology";

const STEPS = 120;
const LENGTH = 1;

interface Point {
  x: number;
  y: number;
}

export function placeAround(graph: Graph, center: string, added: readonly string[]): void {
  const { x, y } = graph.getNodeAttributes(center) as Point;
  // Away from the middle of the graph, where there is space; around the first node, on a full circle.
  const isFirst = graph.order === added.length + 1;
  const away = Math.atan2(y, x);
  const span = isFirst ? 2 * Math.PI : Math.PI;
  added.forEach((node, place) => {
    const share = isFirst ? place / added.length : (place + 0.5) / added.length - 0.5;
    const angle = (isFirst ? 0 : away) + share * span;
    const far = LENGTH * (1 + 0.35 * (place % 3)); // in three rings, so that labels have space
    graph.mergeNodeAttributes(node, { x: x + far * Math.cos(angle), y: y + far * Math.sin(angle) });
  });
}

export function relax(graph: Graph, fixed: string): void {
  const nodes = graph.nodes();
  const points = nodes.map((node) => ({ ...(graph.getNodeAttributes(node) as Point) }));
  const place = new Map(nodes.map((node, index) => [node, index]));
  const edges = graph.mapEdges((_edge, _attributes, source, target) => [place.get(source)!, place.get(target)!] as const);
  for (let step = 0; step < STEPS; step++) {
    const most = 0.12 * (1 - step / STEPS);
    const pushes = forces(points, edges);
    points.forEach((point, index) => {
      if (nodes[index] === fixed) return;
      const { x, y } = pushes[index]!;
      const size = Math.hypot(x, y) || 1;
      const move = Math.min(size, most) / size;
      point.x += x * move;
      point.y += y * move;
    });
  }
  nodes.forEach((node, index) => graph.mergeNodeAttributes(node, points[index]!));
}

function forces(points: readonly Point[], edges: readonly (readonly [number, number])[]): Point[] {
  const found = points.map(() => ({ x: 0, y: 0 }));
  const push = (a: number, b: number, strength: (distance: number) => number) => {
    const [p, q] = [points[a]!, points[b]!];
    const [dx, dy] = [p.x - q.x, p.y - q.y];
    const distance = Math.max(Math.hypot(dx, dy), 0.01);
    const force = strength(distance) / distance;
    found[a]!.x += dx * force;
    found[a]!.y += dy * force;
    found[b]!.x -= dx * force;
    found[b]!.y -= dy * force;
  };
  for (let a = 0; a < points.length; a++) {
    for (let b = a + 1; b < points.length; b++) push(a, b, (distance) => (0.05 * LENGTH) / (distance * distance));
  }
  for (const [a, b] of edges) push(a, b, (distance) => 0.2 * (LENGTH - distance));
  return found;
}
