"""The versions of threatgraph; the metadata of the package have theirs from here, as it takes time to look them up."""

VERSION = "0.1.0"
"""The version of the software."""
DATA_VERSION = "1.0.0"
"""The version of the bundled data and ontology, which the ontology states too (``owl:versionInfo``)."""
