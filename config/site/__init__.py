"""The static site: landing page, guide and dashboard, and the storage of static files."""
