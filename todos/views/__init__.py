"""Views of the pages of to-dos. Those of import and export are in `import_export`."""
