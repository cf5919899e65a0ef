"""A store in a directory: snapshots on disk, the manifest, loading, and the cache of the bundled graph."""
