"""Functions that workers run for the HTTP server; none of these modules imports the web framework."""
