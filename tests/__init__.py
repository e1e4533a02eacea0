"""Tests, in a directory for each app. `browser/` drives the real site with Chromium."""
