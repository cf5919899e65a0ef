// The page for SPARQL queries.
export {};
