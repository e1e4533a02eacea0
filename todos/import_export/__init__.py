"""Import and export of to-do lists: pages, API and implementation."""
