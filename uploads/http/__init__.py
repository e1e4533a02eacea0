"""HTTP helpers that views of several apps share: JSON bodies and pages, conditional requests and ranges."""
