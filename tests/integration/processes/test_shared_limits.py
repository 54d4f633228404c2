"""Rate limits of several servers, counted on one Valkey."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from fleet import IMPATIENT, an_image
from running import Answer, Server, serving
from servers.valkey import Valkey

LIMIT: Final = 6


def remaining(answer: Answer) -> str:
    """Return the number of remaining requests in a response; an empty text without the header."""
    return {name.lower(): value for name, value in answer.headers.items()}.get("x-ratelimit-remaining", "")


@pytest.fixture
def settings(valkey: Valkey) -> Mapping[str, str]:
    return {
        **IMPATIENT,
        "SPIKE_BROKER_URL": valkey.url,
        "SPIKE_RATE_LIMIT_URL": valkey.url,
        "SPIKE_RATE_GET_IMAGE": str(LIMIT),
    }


def test_two_servers_count_together_pass_all_while_they_cannot_count_and_count_again_after_that(
    tmp_path: Path, settings: Mapping[str, str], valkey: Valkey
) -> None:
    folder = tmp_path / "var"
    with serving(folder, **settings) as one, serving(folder, **settings) as other:
        token, image_id = one.token, an_image(one)

        def look(server: Server) -> Answer:
            return server.ask("GET", f"/api/images/{image_id}", token=token)

        answers = [look(server) for server in (one, other) * (LIMIT // 2 + 1)]
        assert [answer.status for answer in answers] == [200] * LIMIT + [429] * 2
        assert [int(remaining(answer)) for answer in answers] == [*reversed(range(LIMIT)), 0, 0]

        valkey.stop()
        uncounted = [look(server) for server in (one, other)]
        assert [answer.status for answer in uncounted] == [200, 200]
        assert [remaining(answer) for answer in uncounted] == ["", ""]

        valkey.start()  # it has forgotten, and they are the first again
        assert [int(remaining(look(server))) for server in (one, other)] == [LIMIT - 1, LIMIT - 2]
    log = (tmp_path / "var.log").read_text()
    assert log.count("requests aren't counted") == 2
