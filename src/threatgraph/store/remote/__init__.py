"""A store on a SPARQL 1.1 server: the protocol, differences between servers, and uploads."""
