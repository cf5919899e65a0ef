// What the page and its worker send each other.
export type Request =
  | { id: number; action: "start"; engine: string; graph: string; prefixes: Record<string, string>; base: string }
  | { id: number; action: "run"; query: string; triples: string }
  | { id: number; action: "pages"; iris: string[] };

export interface Answered {
  text: string;
  type: string;
}

export type Reply =
  | { id: number; value: Answered | string[] | null }
  | { id: number; error: { message: string; line?: number; column?: number; isFault: boolean } }
  | { progress: string };
