"""Tests, in a folder for each app. `browser/` drives the real site with Chromium."""
