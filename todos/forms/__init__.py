"""Validation of to-dos: forms of the pages, and JSON objects of the API."""
