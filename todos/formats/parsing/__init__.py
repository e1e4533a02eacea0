"""Parsers that several file formats share: text, tables, JSON, dates and columns."""
