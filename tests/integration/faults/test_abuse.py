"""One server at default limits, abused in one way after the other, and what another user notices of it."""

import json
import os
from collections.abc import Iterator

import pytest

from abuse import CASES, HEALTH_S_MAX, JOB_S_MAX, Abused
from fault_table import note_abuse
from gates import PLUGIN
from running import run_spike, serving


@pytest.fixture(scope="module")
def abused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Abused]:
    """Start a server with its sandbox, and without rate limits, which would stop some abuse sooner."""
    folder = tmp_path_factory.mktemp("abuse") / "var"
    settings = {
        "SPIKE_UPSCALER": "slow",
        "SPIKE_SANDBOX": "on",
        "SPIKE_RATE_LIMIT_URL": "slow-dns://",
        "SPIKE_RATE_UPLOAD": "0",
        "SPIKE_RATE_GET_IMAGE": "0",
        "SPIKE_OPENING_GRANT": "1000",
        "SPIKE_LOG_LEVEL": "ERROR",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PLUGIN), os.environ.get("PYTHONPATH", "")])),
    }
    with serving(folder, **settings) as server:
        made = run_spike("users", "create", "other@example.org", "--json", folder=folder, **settings)
        other = json.loads(made.stdout)["sessionToken"]
        yield Abused(server=server, folder=folder, abuser=server.token, other=other)


@pytest.mark.parametrize("case", CASES)
def test_another_user_is_served_all_the_same(abused: Abused, case: str, request: pytest.FixtureRequest) -> None:
    with CASES[case](abused):
        noticed = abused.measure(case)
    note_abuse(request.node, noticed)
    assert noticed.health_s <= HEALTH_S_MAX, noticed
    assert noticed.read_s <= HEALTH_S_MAX, noticed
    assert noticed.job_s <= JOB_S_MAX, noticed
