"""Watching jobs and other rows from a web process: one hub of queries, and streams of server-sent events."""
