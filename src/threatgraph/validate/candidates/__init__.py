"""ValidationResult candidate focus nodes with SPARQL, so that pyshacl need not visit every node."""
