"""Stored files: a directory or an object store, serving their bytes, and checking them against the rows."""
