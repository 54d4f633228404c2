"""Response bodies: one class per JSON object of the API, built from domain values, and the URLs in them."""
