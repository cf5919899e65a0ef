"""The text of SPARQL queries: tokens, the check for updates and remote access, and parameter binding."""
