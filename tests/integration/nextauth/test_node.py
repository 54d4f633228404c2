"""Cookies made by the `encode` of NextAuth v4 and of Auth.js v5 themselves, under Node, open the studio's API."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from falcon import testing

from memory_spike import MemorySpike
from nextauth_tokens import SECRET
from spike_http import create_app
from spike_nextauth.cookies import COOKIES
from spike_runtime import Settings
from spike_system import SystemClock

FOLDER: Final = Path(__file__).parents[2] / "nextauth"
INSTALL: Final = ["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--fetch-retries=1"]
OLD: Final = "the secret before of more than thirty-two characters"
ASKED: Final[list[dict[str, Any]]] = [
    *({"version": 4 if "next-auth" in cookie else 5, "cookie": cookie, "secret": SECRET} for cookie in COOKIES),
    {"version": 5, "cookie": "next-auth.session-token", "secret": SECRET},  # an app that kept the name when it upgraded
    {"version": 5, "cookie": "authjs.session-token", "secret": [SECRET, OLD]},
    {"version": 4, "cookie": "next-auth.session-token", "secret": OLD},
    {"version": 4, "cookie": "next-auth.session-token", "secret": SECRET, "maxAge": -16},
    {"version": 5, "cookie": "authjs.session-token", "secret": SECRET, "maxAge": -16},
    {"version": 5, "cookie": "authjs.session-token", "secret": "another secret of more than thirty-two characters"},
]
VALID: Final = 7  # of these, in order


@pytest.fixture(scope="module")
def tokens() -> list[str]:
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("there is no npm; tests/unit/nextauth tests tokens that the same libraries made before")
    done, wanted = FOLDER / "node_modules" / ".package-lock.json", FOLDER / "package-lock.json"
    if not done.exists() or done.stat().st_mtime < wanted.stat().st_mtime:  # npm writes it last
        installed = subprocess.run(INSTALL, cwd=FOLDER, capture_output=True, text=True, timeout=240, check=False)
        if installed.returncode and "CI" not in os.environ:
            pytest.skip("npm can't install next-auth and @auth/core")
        assert installed.returncode == 0, installed.stderr
    claims = {"sub": "1", "email": "ada@example.org", "name": "Ada"}
    asked = json.dumps([{**each, "token": claims} for each in ASKED])
    made = subprocess.run(
        ["node", "encode.mjs"], cwd=FOLDER, input=asked, capture_output=True, text=True, timeout=60, check=True
    )
    encoded: list[str] = json.loads(made.stdout)
    return encoded


def test_cookies_of_the_libraries_sign_in_and_expired_and_foreign_ones_do_not(tokens: list[str]) -> None:
    settings = Settings(nextauth_secret=f"{SECRET},{OLD}", sign_up="open")  # type: ignore[arg-type]
    services = MemorySpike.build(settings)
    services.clock.advance(SystemClock().now() - services.clock.now())
    client = testing.TestClient(create_app(services.spike))
    answers = [
        client.simulate_get("/api/session", headers={"Cookie": f"{asked['cookie']}={token}"})
        for asked, token in zip(ASKED, tokens, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [200] * VALID + [401] * (len(ASKED) - VALID)
    assert len({answer.json["user"]["id"] for answer in answers[:VALID]}) == 1
