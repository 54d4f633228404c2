"""Pictures from a server that speaks OpenAI's images API."""
