"""The fixtures that the contract suites name, over adapters in memory."""

from memory_fixtures import shared_fixtures

globals().update(shared_fixtures())
