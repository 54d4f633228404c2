"""Migrations of the project's own tables."""
