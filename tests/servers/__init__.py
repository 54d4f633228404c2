"""Real servers for the tests, installed from wheels and run as local processes."""
