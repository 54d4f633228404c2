"""Real servers for the tests, started from wheels as processes on loopback."""
