"""Configuration of all tests."""

import os

import pytest
from hypothesis import settings

# Several processes share the processors here, and the threads of OpenMP would spin while they wait for each other:
# measured with ncnn, that made tests take six times as long. Libraries read it when they are loaded; children inherit
# it.
os.environ["OMP_WAIT_POLICY"] = "passive"

pytest_plugins = ["fault_table", "servers.postgres", "servers.s3", "servers.valkey"]

# No deadlines, since a busy machine isn't a failure. CI repeats the same examples, so that a failure is due to the
# change; developers' runs try new ones.
settings.register_profile("spike", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("spike")

pytest.register_assert_rewrite("machine")  # its assertions, too, show their values
