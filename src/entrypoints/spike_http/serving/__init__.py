"""The server process: waitress, graceful shutdown, proxies, base URLs, health checks."""
