"""The files of a release, each with what it has and a function that writes it."""
