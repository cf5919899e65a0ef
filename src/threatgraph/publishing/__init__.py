"""Files that describe the graph to machines: VoID, DCAT, sitemap, Atom feed, ``llms.txt`` and downloads.

The functions read a store and return the content of a file, so that a server and a static site publish the same. URLs
are made absolute with the base URL of the site.
"""
