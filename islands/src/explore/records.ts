// The records around a record, as the other form of its page states them.

export interface Neighbor {
  relation: string;
  direction: string;
  label: string;
  kind: string;
  record: string;
}

export interface Around {
  shown: Neighbor[];
  total: number;
}

export class Records {
  constructor(
    private readonly root: string,
    private readonly base: string,
    // The kinds whose records have a page of this view; all if it is empty.
    private readonly kinds: ReadonlySet<string>,
    private readonly suffix: string,
  ) {}

  // The path of a record below the root.
  path(iri: string): string {
    return iri.slice(this.base.length);
  }

  page(iri: string): string {
    return `${this.root}${encodeURI(this.path(iri))}${this.suffix}`;
  }

  canExpand(kind: string): boolean {
    return this.kinds.size === 0 || this.kinds.has(kind);
  }

  // The first records of each relation in turn, until there are enough.
  async around(iri: string, most: number): Promise<Around> {
    const reply = await fetch(`${this.root}explore/${encodeURI(this.path(iri))}.json`);
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    const { rows } = (await reply.json()) as { rows: Neighbor[] };
    const unique = [...new Map(rows.map((row) => [row.record, row])).values()];
    const waiting = new Map<string, Neighbor[]>();
    for (const row of unique) waiting.set(row.relation, [...(waiting.get(row.relation) ?? []), row]);
    const shown: Neighbor[] = [];
    for (let place = 0; shown.length < Math.min(most, unique.length); place++) {
      for (const rest of waiting.values()) {
        const row = rest[place];
        if (row && shown.length < most) shown.push(row);
      }
    }
    return { shown, total: unique.length };
  }
}
