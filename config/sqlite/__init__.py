"""The database backend for SQLite. Django imports `config.sqlite.base`."""
