"""The version of threatgraph. The metadata of the package have it from here, since it takes time to look them up."""

VERSION = "0.1.0"
