"""Decoding of untrusted files in a subprocess: its protocol, both of its sides, and the renditions that it makes."""
