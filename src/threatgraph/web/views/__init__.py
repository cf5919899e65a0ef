"""Views of the explorer: pages that show many records at once, each as HTML with the same as CSV, JSON and Markdown.

Each module renders one view; :mod:`threatgraph.web.views.catalog` lists them. A view gets the rest of its path and its
parameters, so that the same function makes a page of a server, and a file of a site, which has no parameters.
"""

#: The first segments of the paths of views. The JSON API has the path ``recommend`` itself, but for browsers.
PATHS = ("views", "coverage", "crosswalk", "compare", "causes", "timeline", "explore", "recommend")
