import pytest

from spike_contracts.secrets import SecretsContract
from spike_core.ports.secrets import Secrets
from spike_memory import CountingSecrets


class TestCountingSecrets(SecretsContract):
    @pytest.fixture
    def secrets(self) -> Secrets:
        return CountingSecrets()
