"""Pages of records, lists and queries, and their other forms.

The renderers know no HTTP requests, so that a static site can be written with them: they get a graph and
:class:`~threatgraph.web.links.Links`, and return a :class:`~threatgraph.web.document.Document`. The functions in
:mod:`threatgraph.web.answers` run in the workers of a server, and return answers with a status and headers.
"""
