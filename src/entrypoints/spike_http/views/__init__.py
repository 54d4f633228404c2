"""What clients get: one class per JSON object of the API, built from domain values."""
