import pytest

from spike_contracts.secrets import SecretsContract
from spike_core.ports.secrets import Secrets
from spike_system import SystemSecrets


class TestSystemSecrets(SecretsContract):
    @pytest.fixture
    def secrets(self) -> Secrets:
        return SystemSecrets()

    def test_two_sources_do_not_draw_the_same(self) -> None:
        assert SystemSecrets().session_token() != SystemSecrets().session_token()
