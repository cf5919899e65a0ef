// Usage: node query.js TYPE URL QUERY
// Writes the answer to a query as SPARQL Query Results JSON, or as N-Triples. TYPE is sparql for an endpoint, file for
// a document, and auto to find out.
import { QueryEngine } from "@comunica/query-sparql";

const [type, value, query] = process.argv.slice(2);
const engine = new QueryEngine();
const answer = await engine.query(query, { sources: [type === "auto" ? value : { type, value }] });
const form = answer.resultType === "quads" ? "application/n-triples" : "application/sparql-results+json";
const { data } = await engine.resultToString(answer, form);
data.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
data.pipe(process.stdout);
