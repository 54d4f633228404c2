"""Falcon resources, one module per group of paths."""
