"""The HTTP server: SPARQL Protocol, linked data, JSON API and the endpoint for agents."""
