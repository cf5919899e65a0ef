// Links from IRIs to pages, as threatgraph.web.links makes them.
import { shorten } from "./terms";

export class Links {
  constructor(
    readonly root: string,
    readonly suffix: string,
    readonly prefixes: Record<string, string>,
  ) {}

  /** The beginning of the IRIs of records. */
  get base(): string {
    return (this.prefixes["tg"] ?? "").replace(/ontology#$/, "");
  }

  /** The IRI whose page has an IRI; undefined for those of other sites. */
  document(iri: string): string | undefined {
    return this.base && iri.startsWith(this.base) ? iri.replace(/#.*$/s, "") : undefined;
  }

  /** The URL for an IRI. */
  to(iri: string): string {
    const document = this.document(iri);
    if (!document) return iri;
    const path = document.slice(this.base.length).split("/").map(encodeURIComponent).join("/");
    const fragment = iri.slice(document.length + 1);
    return this.root + path + this.suffix + (fragment && `#${encodeURIComponent(fragment)}`);
  }

  short(iri: string): string {
    return shorten(iri, this.prefixes);
  }
}
