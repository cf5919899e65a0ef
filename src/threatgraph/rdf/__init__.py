"""Reading and writing RDF: files, formats, lexical forms and the canonical Turtle form."""
