"""The programs of docs/howto/mount.md: each is run as it is written, and serves Spike at `/spike`."""

import re
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from werkzeug.test import Client

from documents import PROJECT, all_blocks
from preloaded import run_program
from spike_core.domain.accounts import Email
from spike_runtime import Spike

PAGE: Final = "docs/howto/mount.md"
LINK: Final = "https://example.org/spike"
IN_DJANGO: Final = """
import sys
sys.path[:0] = sys.argv[1:]
from test_mounting import check_django
check_django()
"""


def program(mark: str) -> str:
    """Return the one Python block of the page that contains this text."""
    [block] = [block for block in all_blocks("python") if block.place.startswith(PAGE) and mark in block.text]
    return block.text


def run(text: str, **modules: object) -> dict[str, Any]:
    """Run a program with stand-ins for modules that aren't installed."""
    names: dict[str, Any] = {"__name__": "program"}
    for name, content in modules.items():
        module = ModuleType(name)
        vars(module).update(content)  # type: ignore[call-overload]
        sys.modules[name] = module
    try:
        exec(compile(text, "program", "exec"), names)  # noqa: S102  # ours
    finally:
        for name in modules:
            del sys.modules[name]
    return names


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {"SPIKE_UPSCALER": "classical", "SPIKE_SANDBOX": "off", "SPIKE_PUBLIC_URL": LINK}.items():
        monkeypatch.setenv(name, value)


def check_mounted(ask: Callable[[str, Mapping[str, str]], tuple[int, str]], spike: Spike) -> None:
    """See the page with its files, a link, and that everything else is the application's around it."""
    token = spike.accounts.registration.register(Email("ada@example.org")).session_token.text
    status, page = ask("/spike/", {})
    assert status == 200
    [script] = re.findall(r'<script type="module" src="([^"]+)"', page)
    assert script.startswith("/spike/studio/")
    assert ask(script, {})[0] == 200
    assert f'"servers": [{{"url": "{LINK}"}}]' in ask("/spike/openapi.json", {})[1]
    assert ask("/spike/api/tokens/balance", {"Authorization": f"Bearer {token}"})[0] == 200
    assert ask("/api/tokens/balance", {"Authorization": f"Bearer {token}"})[0] == 404
    assert ask("/spikes", {})[0] == 404


def by_wsgi(application: Any) -> Callable[[str, Mapping[str, str]], tuple[int, str]]:
    client = Client(application)

    def ask(path: str, headers: Mapping[str, str]) -> tuple[int, str]:
        answer = client.get(path, headers=dict(headers))
        return answer.status_code, answer.text

    return ask


def test_django() -> None:
    """In a process of its own: each has one Django project, and tests of others follow."""
    ran = run_program(IN_DJANGO, Path(__file__).parent, PROJECT / "tests")
    assert ran.returncode == 0, ran.stderr


def check_django() -> None:
    from django.conf import settings  # noqa: PLC0415  # one test needs it

    settings.configure(ALLOWED_HOSTS=["localhost"], ROOT_URLCONF=__name__, LOGGING_CONFIG=None)
    names = run(program("get_wsgi_application"))
    names["django"] = not_found  # its project has no pages
    with names["spike"] as spike:
        check_mounted(by_wsgi(names["application"]), spike)


def not_found(_environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return [b""]


class Flask:
    """What the program needs of Flask."""

    def __init__(self, _name: str) -> None:
        self.wsgi_app: Any = not_found

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        answer: Iterable[bytes] = self.wsgi_app(environ, start_response)
        return answer


def test_flask() -> None:
    names = run(program("Flask("), flask={"Flask": Flask})
    with names["spike"] as spike:
        check_mounted(by_wsgi(names["app"]), spike)


def test_fastapi() -> None:
    from fastapi.testclient import TestClient  # noqa: PLC0415  # one test needs it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated in favor of a2wsgi
        from starlette.middleware.wsgi import WSGIMiddleware  # noqa: PLC0415
    names = run(program("FastAPI("), a2wsgi={"WSGIMiddleware": WSGIMiddleware})
    with TestClient(names["app"]) as client:

        def ask(path: str, headers: Mapping[str, str]) -> tuple[int, str]:
            answer = client.get(path, headers=dict(headers))
            return answer.status_code, answer.text

        check_mounted(ask, names["spike"])
        assert client.get("/spike/readyz").json()["status"] == "ready"
