"""Real servers for the tests, on this machine's loopback."""
