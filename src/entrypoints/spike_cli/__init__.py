"""The `spike` command."""
