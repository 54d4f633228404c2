"""Request parsing: one module per kind of body or query, from bytes to domain values."""
