"""Receiving files: the tus protocol, transfers and their pieces on disk, names, types and size limits."""
