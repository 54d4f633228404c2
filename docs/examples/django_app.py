"""Spike in a Django project, in one file: three views, and workers beside them.

    pip install "spike-core[runtime]" django
    python django_app.py

In a project of yours the settings are in `settings.py` and Spike is built once, in `AppConfig.ready`.
"""

import io
from functools import cache
from pathlib import Path

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from spike import (
    CompletedJob,
    Email,
    ImageName,
    InvalidInput,
    JobId,
    NotEnoughTokens,
    NotFound,
    Settings,
    Spike,
    SpikeError,
    UserId,
    build,
    working,
)

STATUSES = {NotEnoughTokens: 402, NotFound: 404, InvalidInput: 400}


@cache
def spike() -> Spike:
    """Build Spike once per process."""
    built = build(Settings(data_dir=Path(settings.SPIKE_DATA_DIR), worker_threads=1))
    built.database.migrate()
    return built


class SpikeErrors:
    """Middleware that answers what Spike refuses."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, _: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, SpikeError):
            return None
        status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
        return JsonResponse({"code": error.code, "detail": str(error)}, status=status)


def person(request: HttpRequest) -> UserId:
    """Say who asks. Your project knows that from `request.user`; here a header will do."""
    return UserId.parse(request.headers.get("X-User", ""))


@require_POST
def join(request: HttpRequest) -> HttpResponse:
    user = spike().accounts.registration.register(Email.parse(request.POST["email"])).user
    tokens = spike().wallets.account(user.id).wallet.balance.amount
    return JsonResponse({"id": str(user.id), "tokens": tokens}, status=201)


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    file = request.FILES["file"]
    content = io.BytesIO(file.read())
    uploaded = spike().images.uploads.upload(person(request), name=ImageName.parse(file.name), content=content)
    answer = {"id": str(uploaded.image.id), "job": str(uploaded.job.id), "tokens": uploaded.balance.amount}
    return JsonResponse(answer, status=202)


@require_GET
def result(request: HttpRequest, job_id: str) -> HttpResponse:
    """Return the enhanced picture, or 202 as long as somebody works on it."""
    shown = spike().queries.job(JobId.parse(job_id), viewer=person(request))
    if isinstance(shown.job, CompletedJob):
        with spike().storage.blobs.open(shown.job.result.key) as enhanced:
            return HttpResponse(enhanced.read(), content_type="image/jpeg")
    return JsonResponse({"ended": shown.is_at_rest}, status=410 if shown.is_at_rest else 202)


urlpatterns = [path("people", join), path("pictures", upload), path("jobs/<str:job_id>", result)]


def configure(data_dir: Path) -> None:
    """Be the settings of this project of one file."""
    settings.configure(
        ALLOWED_HOSTS=["localhost", "127.0.0.1", "testserver"],
        MIDDLEWARE=[f"{__name__}.SpikeErrors"],
        ROOT_URLCONF=__name__,
        LOGGING_CONFIG=None,
        SPIKE_DATA_DIR=data_dir,
    )
    django.setup()


if __name__ == "__main__":
    from wsgiref.simple_server import make_server

    from django.core.wsgi import get_wsgi_application

    configure(Path("var"))
    with working(spike()), make_server("127.0.0.1", 8000, get_wsgi_application()) as server:
        server.serve_forever()
