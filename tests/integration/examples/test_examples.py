"""The worked examples with FastAPI and Django, and the external adapter."""

import importlib
import importlib.util
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from sqlalchemy import create_engine, make_url, text

import preloaded
from effort import IS_FULL, long
from eventually import eventually
from forked_children import forked_children
from pictures import decoded, encoded, photograph
from spike_contracts.upscaler import UpscalerContract
from spike_core.domain.accounts import Email
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import StartedJob
from spike_runtime import Settings, build
from spike_sqlalchemy import open_postgres

EXAMPLES: Final = Path(__file__).parents[3] / "examples"
GENTLE: Final = EXAMPLES / "spike_gentle"
STRANGER: Final = "user_" + "z" * 24
INSTALLED: Final = """
from pathlib import Path
from spike_core.domain.accounts import Email
from spike_core.domain.images import ImageName
from spike_runtime import Settings, build

spike = build(Settings(data_dir=Path("var"), upscaler="gentle"))
spike.database.migrate()
ada = spike.accounts.registration.register(Email.parse("ada@example.org")).user
with open("photo.jpg", "rb") as photo:
    uploaded = spike.images.uploads.upload(ada.id, name=ImageName.parse("photo.jpg"), content=photo)
spike.jobs.runner.perform(uploaded.job.id)
print(spike.queries.job(uploaded.job.id, viewer=ada.id).job.result.method)
spike.close()
"""


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # both frameworks look annotations and views up by the module's name
    spec.loader.exec_module(module)
    return module


def wait_for(ask: Callable[[], Any]) -> Any:
    """Poll until the job is settled."""
    eventually("the job has ended", lambda: ask().status_code != 202)
    return ask()


def check_story(
    join: Callable[[], Any],
    upload: Callable[[str, str, bytes], Any],
    ask: Callable[[str, str], Any],
) -> None:
    """Sign up, upload, be charged, fetch the result; what fails costs nothing, and other users see nothing."""
    joined = join()
    assert joined.status_code == 201
    ada = joined.json()["id"]
    assert joined.json()["tokens"] == 100
    junk = upload(ada, "beach", b"no picture")
    assert (junk.status_code, junk.json()["code"]) == (400, "unknown_picture_format")
    uploaded = upload(ada, "beach", encoded(photograph(size=(150, 100))))
    assert uploaded.status_code == 202
    assert uploaded.json()["tokens"] == 98
    assert upload(ada, "beach", encoded(photograph(size=(150, 100)))).status_code == 409  # the app's own row is refused
    assert ask(ada, "/tokens").json() == 98
    job = f"/jobs/{uploaded.json()['job']}"
    assert ask(STRANGER, job).status_code == 404
    result = wait_for(lambda: ask(ada, job))
    assert result.status_code == 200
    assert max(decoded(result.content).size) == 1024


@long(
    kept_by="tests/integration/examples/test_examples.py::test_the_django_project_stores_its_rows_and_spikes_together_and_sends_mails"
)
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_fastapi_app_stores_its_rows_and_spikes_together(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from fastapi.testclient import TestClient  # noqa: PLC0415  # one test needs it

    url = f"sqlite:///{tmp_path}/postcards.db"
    if dialect == "postgresql":
        given: str = request.getfixturevalue("empty_postgres_url")
        url = given.replace("postgresql:", "postgresql+psycopg:")
    app = example("fastapi_app").create_app(tmp_path / "var", url)
    with TestClient(app) as client:
        check_story(
            lambda: client.post("/people", params={"email": "ada@example.org"}),
            lambda user, title, content: client.post(
                "/pictures", params={"title": title}, content=content, headers={"X-User": user}
            ),
            lambda user, path: client.get(path, headers={"X-User": user}),
        )
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [connection.execute(text(f"SELECT id FROM {name}")).all() for name in ("spike_images", "spike_jobs")]  # noqa: S608
        [(title, image_id)] = connection.execute(text("SELECT title, image_id FROM postcards")).all()
    engine.dispose()
    assert title == "beach"
    assert [len(each) for each in rows] == [1, 1]
    assert rows[0][0].id == image_id


@pytest.fixture
def django_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The project's module `apps`, with its database migrated by Django's own command."""
    import django  # noqa: PLC0415  # two tests need it
    from django.core.management import call_command  # noqa: PLC0415

    monkeypatch.syspath_prepend(str(EXAMPLES / "django_shop"))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
    monkeypatch.setenv("SHOP_FOLDER", str(tmp_path))
    # the browser of other tests keeps an event loop in this thread, which Django takes for an asynchronous context
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    django.setup()
    call_command("migrate", verbosity=0)
    apps = importlib.import_module("shop.apps")
    yield apps
    django.db.connections.close_all()


def test_the_django_project_stores_its_rows_and_spikes_together_and_sends_mails(
    django_shop: ModuleType, empty_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project's own `runserver` works beside serving; here a client asks instead of a browser."""
    from django.core import mail  # noqa: PLC0415  # one test needs it
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.core.management.commands import runserver  # noqa: PLC0415
    from django.test import Client, override_settings  # noqa: PLC0415

    models = importlib.import_module("shop.models")
    subscriber = importlib.import_module("shop.mails").MailOnCompletion
    handle, events = subscriber.handle, []

    def handle_twice(self: Any, event: Any) -> None:
        """Let the mail server be down at first; then hand the event over once more than needed."""
        events.append(event)
        with override_settings(EMAIL_BACKEND="no.mail.server"), pytest.raises(ModuleNotFoundError):
            handle(self, event)
        handle(self, event)
        handle(self, event)

    def serve(_self: object, **_options: object) -> None:
        client = Client()
        check_story(
            lambda: client.post("/people", {"email": "ada@example.org"}),
            lambda user, title, content: client.post(
                "/pictures", {"file": SimpleUploadedFile("a.jpg", content), "title": title}, headers={"X-User": user}
            ),
            lambda user, path: client.get(path, headers={"X-User": user}),
        )
        eventually("the event was handled", models.Mail.objects.exists)
        [postcard] = models.Postcard.objects.all()
        with django_shop.database().transactions.view() as tx:
            assert [str(image.id) for image in tx.audit.images(limit=9)] == [postcard.image_id]

    monkeypatch.setattr(subscriber, "handle", handle_twice)
    monkeypatch.setattr(runserver.Command, "handle", serve)
    with forked_children(), override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        call_command("runserver")
    [event], [message] = events, mail.outbox
    assert (message.to, message.extra_headers["Message-ID"]) == (["ada@example.org"], f"<{event.id}@shop.example.org>")
    assert str(event.dimensions) in message.body
    with forked_children():
        _check_django_on_postgresql(models, empty_postgres_url, tmp_path)


def _check_django_on_postgresql(models: ModuleType, url: str, folder: Path) -> None:
    """Share the connection of a second database of Django's, since a process has one project."""
    from django.core.management import call_command  # noqa: PLC0415  # one test needs it
    from django.db import IntegrityError, connections, transaction  # noqa: PLC0415

    parts = make_url(url)
    connections.databases["postgres"] = {
        **connections.databases["default"],
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.database,
        "HOST": parts.host,
        "PORT": parts.port,
        "USER": parts.username,
        "PASSWORD": parts.password or "",
        "OPTIONS": {},
    }
    call_command("migrate", database="postgres", verbosity=0)
    database = open_postgres(f"{url}?schema=spike")
    database.migrate()
    spike = build(Settings(data_dir=folder, upscaler="classical", worker_threads=1), database=database)
    owner = spike.accounts.registration.register(Email.parse("ada@example.org")).user.id

    def upload(title: str) -> None:
        with transaction.atomic(using="postgres"):
            with database.sharing(connections["postgres"].connection) as shared:
                picture = io.BytesIO(encoded(photograph()))
                uploaded = spike.images.uploads.upload(owner, name=ImageName.parse("a.jpg"), content=picture)
                models.Postcard(title=title, image_id=str(uploaded.image.id)).save(using="postgres", force_insert=True)
            transaction.on_commit(shared.committed, using="postgres")

    upload("beach")
    with pytest.raises(IntegrityError, match="beach"):
        upload("beach")
    assert spike.wallets.account(owner).wallet.balance.amount == 98
    with database.transactions.view() as tx:
        [image] = tx.audit.images(limit=9)
        [job] = tx.audit.jobs(limit=9)
    assert isinstance(job, StartedJob)  # handed to the queue by Django's hook
    [postcard] = models.Postcard.objects.using("postgres").all()
    assert postcard.image_id == str(image.id)
    connections["postgres"].close()
    spike.close()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Install the external adapter into a separate folder; return an environment in which it is found."""
    folder = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(GENTLE)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return {**os.environ, "PYTHONPATH": str(folder)}


def test_an_adapter_from_outside_passes_the_suite_of_its_port(installed: dict[str, str], tmp_path: Path) -> None:
    unused = [option for plugin in ("anyio", "schemathesis", "valkey", "xdist") for option in ("-p", f"no:{plugin}")]
    options = ("-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(GENTLE), *unused)
    some = () if IS_FULL else ("-k", "not 2500x1700 or tier0")  # each size and each tier, not each size at each tier
    command = [sys.executable, "-m", "pytest", *options, *some, str(GENTLE / "tests")]
    ran = subprocess.run(command, cwd=tmp_path, env=installed, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stdout
    laws = [name for name in dir(UpscalerContract) if name.startswith("test_")]
    [passed] = re.findall(r"^(\d+) passed\b", ran.stdout, re.MULTILINE)
    assert int(passed) > len(laws)


def test_an_adapter_from_outside_is_found_by_its_setting(installed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(encoded(photograph()))
    ran = preloaded.run(["-c", INSTALLED], installed, timeout_s=120, cwd=tmp_path)
    assert (ran.returncode, ran.stdout.strip()) == (0, "bicubic"), ran.stderr
