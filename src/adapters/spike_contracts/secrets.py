"""Laws that every Secrets keeps."""

import re
from typing import Final

from spike_core.domain.secrets import API_KEY_PREFIX, CHECKSUM_CHARS, Secret
from spike_core.ports.secrets import Secrets

# 256 bits in base64, in characters that headers and cookies allow unescaped
TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43,100}")


class SecretsContract:
    """The adapter's test provides the fixture `secrets`."""

    def test_a_session_token_is_long_enough_and_fits_a_cookie(self, secrets: Secrets) -> None:
        token = secrets.session_token()
        assert TEXT.fullmatch(token.text)
        assert not token.is_api_key

    def test_an_api_key_has_its_prefix_as_much_chance_behind_it_and_a_checksum(self, secrets: Secrets) -> None:
        key = secrets.api_key()
        assert key.is_api_key
        assert TEXT.fullmatch(key.text.removeprefix(API_KEY_PREFIX)[:-CHECKSUM_CHARS])
        assert not key.is_mistyped

    def test_a_share_token_is_as_long_and_fits_an_address(self, secrets: Secrets) -> None:
        token = secrets.share_token()
        assert TEXT.fullmatch(token.text)
        assert not token.is_api_key

    def test_no_secret_is_drawn_twice(self, secrets: Secrets) -> None:
        draws = (secrets.session_token, secrets.api_key, secrets.share_token)
        drawn: list[Secret] = [draw() for draw in draws for _ in range(500)]
        bodies = {secret.text.removeprefix(API_KEY_PREFIX) for secret in drawn}
        assert len(bodies) == len(drawn)
        assert len({secret.hash for secret in drawn}) == len(drawn)
