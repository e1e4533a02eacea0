"""Whose workers are measured: our engine's, bare Django-Q2's, and those that Django-Q2 has when nothing is set."""
